// How the index spaces of a world are divided. Glossary (numbers, all global to the world unless said otherwise):
//   Gfn       guest frame number; each guest owns a range, each of its vNodes a part of that range
//   Gvpn      guest virtual page number; each guest owns a range
//   Pfn       host frame number; each memory node owns a range
//   Slot      one page of a persistent store; each store owns a range
//   Location  0 = nowhere, else 1 + Pfn, or 1 + all frames + Slot: where a page's content is
//   Home      who owns locations: a memory node (0 .. nodes-1) or a store (nodes .. nodes+stores-1)
//   Actor     vCPUs first, then the hypervisor, the host, then the homes in order; last the feeder,
//             which is no part of the machine: it delivers the vCPUs' scripts; behind it the clock,
//             where time-outs come from outside
import { assert } from '../stdx/assert.ts';
import type { WorldSpec } from './spec.ts';

export type Gfn = number;
export type Gvpn = number;
export type Pfn = number;
export type Location = number;
export type Home = number;
export type ActorId = number;

export const NOWHERE: Location = 0;
/** What a page held as a stamp stands for. */
const STAMPED_BYTES = 4096;

/** Ranges that are looked through one by one; of more it is looked in which half of them a number lies. */
const FEW = 8;

/** The range that a number lies in, of `count` that begin at `firsts` and leave nothing out; empty ones hold nothing. */
function rangeOf(firsts: readonly number[], of: number, count: number): number {
  let range = 0;
  if (count > FEW) {
    for (let end = count; end - range > 1;) {
      const middle = (range + end) >>> 1;
      if (of >= firsts[middle]!) range = middle;
      else end = middle;
    }
    return range;
  }
  while (of >= firsts[range + 1]!) range++;
  return range;
}

export class Geometry {
  readonly spec: WorldSpec;
  readonly nodes: number;
  readonly homes: number;
  readonly frames: number;
  readonly slots: number;
  readonly gfns: number;
  readonly gvpns: number;
  readonly vcpus: number;
  readonly guests: number;
  /** First location of each home, and one past the last: `homeFirst[home] .. homeFirst[home + 1] - 1`. */
  readonly homeFirst: number[] = [];
  /** First Gfn, Gvpn, vCPU and vNode of each guest, and one past the last. */
  readonly guestGfn: number[] = [];
  readonly guestGvpn: number[] = [];
  readonly guestVcpu: number[] = [];
  readonly guestVnode: number[] = [];
  /** By vNode (numbered over all guests): first Gfn (and one past the last), pinned node, first vCPU or -1. */
  readonly vnodeGfn: number[] = [];
  readonly vnodeNode: number[] = [];
  readonly vnodes: number;
  /** By vCPU: guest, vNode (global), node. */
  readonly vcpuGuest: number[] = [];
  readonly vcpuVnode: number[] = [];
  readonly vcpuNode: number[] = [];

  readonly hypervisor: ActorId;
  readonly host: ActorId;
  readonly feeder: ActorId;
  readonly clock: ActorId;
  readonly actors: number;

  constructor(spec: WorldSpec) {
    this.spec = spec;
    this.nodes = spec.nodes.length;
    this.homes = this.nodes + spec.stores.length;
    this.guests = spec.guests.length;
    let location = 1;
    for (const home of [...spec.nodes.map((n) => n.frames), ...spec.stores.map((s) => s.slots)]) {
      this.homeFirst.push(location);
      location += home;
    }
    this.homeFirst.push(location);
    this.frames = this.homeFirst[this.nodes]! - 1;
    this.slots = location - 1 - this.frames;
    let gfn = 0;
    let gvpn = 0;
    spec.guests.forEach((guest, g) => {
      this.guestGfn.push(gfn);
      this.guestGvpn.push(gvpn);
      this.guestVcpu.push(this.vcpuGuest.length);
      this.guestVnode.push(this.vnodeNode.length);
      const firstVnode = this.vnodeNode.length;
      for (const vnode of guest.vnodes) {
        this.vnodeGfn.push(gfn);
        this.vnodeNode.push(vnode.node);
        gfn += vnode.gfns;
      }
      for (const vnode of guest.vcpus) {
        this.vcpuGuest.push(g);
        this.vcpuVnode.push(firstVnode + vnode);
        this.vcpuNode.push(guest.vnodes[vnode]!.node);
      }
      gvpn += guest.pages;
    });
    this.guestGfn.push(gfn);
    this.guestGvpn.push(gvpn);
    this.guestVcpu.push(this.vcpuGuest.length);
    this.guestVnode.push(this.vnodeNode.length);
    this.vnodeGfn.push(gfn);
    this.gfns = gfn;
    this.gvpns = gvpn;
    this.vnodes = this.vnodeNode.length;
    this.vcpus = this.vcpuGuest.length;
    this.hypervisor = this.vcpus;
    this.host = this.vcpus + 1;
    this.feeder = this.vcpus + 2 + this.homes;
    this.clock = this.feeder + 1;
    this.actors = this.clock + (spec.timeouts === undefined ? 0 : 1);
  }

  /** Bytes that a page stands for, whatever it is held as: what a transfer of it takes. */
  get pageBytes(): number {
    return this.spec.contents === 'stamps' ? STAMPED_BYTES : this.spec.pageWords * 4;
  }
  actorOfHome(home: Home): ActorId {
    return this.vcpus + 2 + home;
  }
  homeOfActor(actor: ActorId): Home {
    return actor - this.vcpus - 2;
  }
  /** The home of a location other than NOWHERE. */
  homeOf(location: Location): Home {
    const { homeFirst } = this;
    if (location < 1 || location >= homeFirst[this.homes]!)
      assert(false, `location ${location} lies outside the world`);
    return rangeOf(homeFirst, location, this.homes);
  }
  isFrame(location: Location): boolean {
    return location !== NOWHERE && location <= this.frames;
  }
  /** The node that bytes of a location cross the interconnect from or to. */
  nodeOf(location: Location): number {
    const home = this.homeOf(location);
    return home < this.nodes ? home : this.spec.stores[home - this.nodes]!.node;
  }
  /** vNode (global number) that owns a Gfn. */
  vnodeOf(gfn: Gfn): number {
    return rangeOf(this.vnodeGfn, gfn, this.vnodes);
  }
  /** Node that a Gfn's vNode is pinned to. */
  pinOf(gfn: Gfn): number {
    return this.vnodeNode[this.vnodeOf(gfn)]!;
  }
  guestOf(gfn: Gfn): number {
    let guest = 0;
    while (gfn >= this.guestGfn[guest + 1]!) guest++;
    return guest;
  }
  guestOfGvpn(gvpn: Gvpn): number {
    let guest = 0;
    while (gvpn >= this.guestGvpn[guest + 1]!) guest++;
    return guest;
  }
  nameOf(actor: ActorId): string {
    if (actor < this.vcpus) return `vcpu${actor}`;
    if (actor === this.hypervisor) return 'hypervisor';
    if (actor === this.host) return 'host';
    if (actor === this.feeder) return 'feeder';
    if (actor === this.clock) return 'clock';
    const home = this.homeOfActor(actor);
    return home < this.nodes ? `node${this.spec.nodes[home]!.id}` : this.spec.stores[home - this.nodes]!.name;
  }
  /** A location in words: `node 1 frame 12`, `store nvme0 slot 5`. */
  place(location: Location): string {
    if (location === NOWHERE) return 'nowhere';
    const home = this.homeOf(location);
    const offset = location - this.homeFirst[home]!;
    return home < this.nodes
      ? `node ${this.spec.nodes[home]!.id} frame ${offset}`
      : `store ${this.spec.stores[home - this.nodes]!.name} slot ${offset}`;
  }
}
