// Builds the actors over a world, or measures the buffer that it takes. The same walk in the same order on every thread:
// that is what makes the columns coincide.
import type { Actor } from '../actor/actor.ts';
import { Context } from '../actor/actor.ts';
import type { System } from '../actor/system.ts';
import { Arena } from '../memory/arena.ts';
import { pte, pteKind, ptePayload } from '../memory/guest-page-table.ts';
import type { Link } from '../memory/mailbox.ts';
import { World, type Tables } from '../memory/world.ts';
import type { Costs } from '../model/cost.ts';
import { SILENT, type Sink } from '../model/events.ts';
import { losesMessages } from '../model/faults.ts';
import { isImmediate, LIST_PARTS, listPolicyOf } from '../model/list-policy.ts';
import { message } from '../model/messages.ts';
import { Geometry, NOWHERE } from '../model/geometry.ts';
import type { WorldSpec } from '../model/spec.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { present } from '../stdx/assert.ts';
import type { Exporter } from './exporter.ts';
import { GfnMarks } from './guest-memory.ts';
import { Host, operationBound } from './host.ts';
import { Hypervisor } from './hypervisor.ts';
import { MemoryNode } from './memory-node.ts';
import { PersistentStore } from './persistent-store.ts';
import { Vcpu } from './vcpu.ts';

export interface Parts {
  spec: WorldSpec;
  protocol: Protocol;
  costs: Costs;
  tables: Tables;
  /** Changes what was built, before its first step: how seeded bugs get in. The actors know nothing of it. */
  alter?: ((built: Built) => void) | undefined;
}

/** A system and what it was built from, by kind. */
export interface Built {
  system: System;
  world: World;
  costs: Costs;
  vcpus: readonly Vcpu[];
  hypervisor: Hypervisor;
  host: Host;
  /** Who keeps the moved lists, of the two. */
  exporter: Exporter;
  memoryNodes: readonly MemoryNode[];
  stores: readonly PersistentStore[];
  /** Memory for what was not foreseen (a seeded bug): words of an actor, zero at first. */
  remember: (actor: number, words: number) => Int32Array;
  /** The same in a record: words of whoever has it in custody, to be a column of its table. */
  record: (words: number) => Int32Array;
}

/** Who sends to whom, and how many messages can be outstanding. */
export function linksOf(geometry: Geometry): Link[] {
  const { batch, faults = [] } = geometry.spec;
  // Where messages are said again: half of a ring for what can be outstanding, half for what may as well be lost.
  const { reclaims, serials, timeouts } = geometry.spec;
  const times = losesMessages(faults) || serials !== undefined || timeouts !== undefined ? 2 : 1;
  const { hypervisor, host, feeder, vcpus } = geometry;
  const operations = operationBound(geometry);
  const lists = listMessages(geometry);
  const links: Link[] = [];
  const link = (sender: number, receiver: number, bound: number) =>
    links.push({ sender, receiver, bound: times * (bound + times - 1) });
  for (let v = 0; v < vcpus; v++) {
    const guest = geometry.vcpuGuest[v]!;
    const first = geometry.guestVcpu[guest]!;
    const end = geometry.guestVcpu[guest + 1]!;
    const gfns = geometry.guestGfn[guest + 1]! - geometry.guestGfn[guest]!;
    for (let other = first; other < end; other++) {
      // A flush and its acknowledgement, a wait and its end, handovers, and at most the receiver's share of Gfns.
      link(v, other, other === v ? 2 : Math.ceil(gfns / (end - first)) + 2 * batch + 8);
    }
    link(v, hypervisor, operations + batch + 3 + lists.answers);
    link(hypervisor, v, operations + batch + 4 + lists.parts);
    link(v, feeder, 1);
    link(feeder, v, 1);
  }
  if (reclaims !== undefined) link(feeder, host, Math.max(1, reclaims.length));
  for (const actor of timeouts === undefined ? [] : [...Array(vcpus).keys(), host])
    link(geometry.clock, actor, timeouts!.filter((timeout) => timeout.actor === actor).length);
  link(hypervisor, host, operations + vcpus * (batch + 3 + lists.answers));
  link(host, hypervisor, operations + vcpus * (batch + 4 + lists.parts));
  link(host, host, operations + vcpus + lists.publishing);
  if (lists.publishing > 0) link(hypervisor, hypervisor, lists.publishing);
  for (let home = 0; home < geometry.homes; home++) {
    link(host, geometry.actorOfHome(home), operations);
    link(geometry.actorOfHome(home), host, operations);
  }
  return links;
}

/** What the moved lists add: parts or a notice to a vCPU, its answers, and the owner's steps (those of an owner that has
 * lost its memory meanwhile are still on their way). */
function listMessages({ spec, guests }: Geometry): { parts: number; answers: number; publishing: number } {
  if (isImmediate(listPolicyOf(spec))) return { parts: 0, answers: 0, publishing: 0 };
  return { parts: LIST_PARTS, answers: 2, publishing: guests * (2 + (spec.faults ?? []).length) };
}

function walk(arena: Arena, parts: Parts, sink: Sink): Built {
  const { spec, protocol, costs, tables } = parts;
  const geometry = new Geometry(spec);
  const world = new World(arena, geometry, tables, linksOf(geometry), operationBound(geometry));
  arena.owner = 'Gfns';
  const freeGfns = arena.int32(geometry.gfns);
  const marks = new GfnMarks(arena, geometry.gfns);
  const vcpus = geometry.vcpuGuest.map((_, v) => {
    arena.owner = geometry.nameOf(v);
    return new Vcpu(arena, world, v, protocol, costs, freeGfns, marks);
  });
  arena.owner = geometry.nameOf(geometry.hypervisor);
  const hypervisor = new Hypervisor(arena, world, costs);
  arena.owner = geometry.nameOf(geometry.host);
  const host = new Host(arena, world, protocol, costs);
  const exporter = present(hypervisor.exporter ?? host.exporter, 'owner of the moved lists');
  const memoryNodes = spec.nodes.map((_, node) => {
    arena.owner = geometry.nameOf(geometry.actorOfHome(node));
    return new MemoryNode(arena, world, node, costs);
  });
  const stores = spec.stores.map((store, s) => {
    arena.owner = geometry.nameOf(geometry.actorOfHome(geometry.nodes + s));
    const storeCosts = present(costs.stores[store.kind], `cost of a store of kind ${store.kind}`);
    const cipherNs = spec.policy.encryption === 'none' ? 0 : costs.cipherPageNs;
    return new PersistentStore(arena, world, geometry.nodes + s, storeCosts, cipherNs);
  });
  const actors: Actor[] = [...vcpus, hypervisor, host, ...memoryNodes, ...stores];
  const contexts = Array.from(
    { length: geometry.actors },
    (_, self) => new Context(arena, self, world.mailboxes, world.meter, sink, spec.faults),
  );
  const system: System = {
    geometry,
    mailboxes: world.mailboxes,
    meter: world.meter,
    scripts: world.scripts,
    actors,
    contexts,
    contentOf: (gvpn) => contentOf(world, host, gvpn),
  };
  const remember = (actor: number, words: number) => {
    arena.owner = geometry.nameOf(actor);
    return arena.int32(words);
  };
  const record = (words: number) => {
    arena.owner = 'records';
    return arena.int32(words);
  };
  return { system, world, costs, vcpus, hypervisor, host, exporter, memoryNodes, stores, remember, record };
}

function contentOf(world: World, host: Host, gvpn: number): Int32Array | null {
  const entry = world.gpt.peek(gvpn);
  const kind = pteKind(entry);
  if (kind !== pte.present && kind !== pte.hint) return null;
  const location = host.locationOf(ptePayload(entry));
  if (location === NOWHERE) return null;
  return world.transfer.contentAt(location);
}

/** Bytes of the buffer that a world of these parts takes. */
export function measure(parts: Parts): number {
  const arena = new Arena(null);
  const built = walk(arena, parts, SILENT);
  parts.alter?.(built);
  return arena.bytes;
}

/** The actors over a fresh, zeroed buffer: their first messages are sent. */
export function create(buffer: ArrayBuffer | SharedArrayBuffer, parts: Parts, sink: Sink): System {
  return build(new Arena(buffer), parts, sink).system;
}
/** As `create`, for who needs to know what it was built from. */
export function build(arena: Arena, parts: Parts, sink: Sink): Built {
  const built = walk(arena, parts, sink);
  const { system, world } = built;
  world.reset();
  parts.alter?.(built);
  system.actors.forEach((actor, self) => actor.start?.(system.contexts[self]!));
  const { feeder, clock, host, spec } = world.geometry;
  for (const gfn of spec.reclaims ?? []) system.contexts[feeder]!.send(host, message.reclaim, gfn);
  for (const { actor, thing } of spec.timeouts ?? [])
    system.contexts[clock]!.send(actor, message.timeout, thing);
  return built;
}

/** The actors over a buffer that another thread has `create`d. */
export function attach(buffer: SharedArrayBuffer, parts: Parts, sink: Sink): System {
  const built = walk(new Arena(buffer), parts, sink);
  parts.alter?.(built);
  return built.system;
}
