// A state of the searched world in words that a kernel engineer reads: page words, EPT and guest page table, TLBs, what each
// actor is doing, what waits in which queue, what every location holds; and the difference of two states, in lines.
import type { Built } from '../../actors/index.ts';
import { phase } from '../../actors/balancing-phase.ts';
import { field } from '../../actors/vcpu-column.ts';
import { pte, pteKind, ptePayload } from '../../memory/guest-page-table.ts';
import { VACANT } from '../../memory/page-words.ts';
import { countIn, POISON, tagIn, tagOf } from '../../model/content.ts';
import { NOWHERE } from '../../model/geometry.ts';
import { type MessageKind, messageKinds } from '../../model/messages.ts';
import { operationKinds, requestKinds, results } from '../../model/words.ts';
import { MESSAGE_WORDS } from './steps.ts';

const phaseNames = Object.keys(phase);
/** Messages whose argument is a location. */
const ABOUT_LOCATIONS: readonly MessageKind[] = ['release', 'rekey'];
/** Messages whose number says nothing: there is one of them. */
const ALONE: readonly MessageKind[] = ['run'];

/** A state, taken down; the world's buffer may go on to another. */
export class Shown {
  /** By what it is about; what says nothing is not there. */
  private readonly parts = new Map<string, string>();
  /** By name of the receiver, oldest first within a sender. */
  private readonly queues = new Map<string, readonly string[]>();
  /** By actor: its own words, for changes that nothing above tells. */
  private readonly own: readonly Int32Array[];
  private readonly names: readonly string[];

  /**
   * @param built with the state in its buffer
   * @param queues messages that wait, by actor
   * @param left what the world around may still do
   */
  constructor(
    built: Built,
    queues: readonly (readonly number[])[],
    left: readonly [string, string][],
    own: readonly Int32Array[],
  ) {
    const { geometry } = built.world;
    this.own = own;
    this.names = own.map((_, self) => geometry.nameOf(self));
    this.pages(built);
    this.guests(built);
    this.actors(built);
    this.locations(built);
    for (const [what, says] of left) this.parts.set(what, says);
    queues.forEach((words, self) => {
      if (words.length > 0) this.queues.set(geometry.nameOf(self), messagesIn(built, words));
    });
  }

  /** All of it. */
  lines(): string[] {
    return [
      ...[...this.parts].map(([what, says]) => `${what}: ${says}`),
      ...[...this.queues].map(([receiver, waiting]) => `queue of ${receiver}: ${waiting.join(', ')}`),
    ];
  }

  /** The same, and the words that actors keep for themselves, as numbers. */
  whole(): string[] {
    return [...this.lines(), ...this.own.map((words, self) => `${this.names[self]}: ${words.join(' ')}`)];
  }

  /** What is otherwise than in `before`; messages are told apart by what they say. */
  since(before: Shown): string[] {
    const lines: string[] = [];
    const told = new Set<string>();
    for (const what of new Set([...this.parts.keys(), ...before.parts.keys()])) {
      const was = before.parts.get(what);
      const is = this.parts.get(what);
      // Of an operation that has ended the rest goes without saying.
      if (was === is || (is === undefined && !this.parts.has(ownerOf(what)) && ownerOf(what) !== what))
        continue;
      lines.push(`${what}: ${was ?? 'nothing'} -> ${is ?? 'nothing'}`);
      told.add(ownerOf(what));
    }
    for (const receiver of new Set([...before.queues.keys(), ...this.queues.keys()])) {
      const gone = [...(before.queues.get(receiver) ?? [])];
      const come = (this.queues.get(receiver) ?? []).filter((one) => {
        const at = gone.indexOf(one);
        if (at >= 0) gone.splice(at, 1);
        return at < 0;
      });
      if (gone.length + come.length === 0) continue;
      const signs = [...gone.map((one) => `- ${one}`), ...come.map((one) => `+ ${one}`)];
      lines.push(`queue of ${receiver}: ${signs.join(', ')}`);
    }
    this.own.forEach((words, self) => {
      const were = before.own[self]!;
      const changed = words.reduce((count, word, i) => count + (word === were[i] ? 0 : 1), 0);
      const name = this.names[self]!;
      if (changed > 0 && !told.has(name)) lines.push(`${name}: ${changed} private words`);
    });
    return lines;
  }

  // --- by what it is about

  private pages({ world }: Built): void {
    const { geometry, tables, pages, ept } = world;
    for (let gfn = 0; gfn < geometry.gfns; gfn++) {
      const { state, generation } = pages.peek(gfn);
      const name = state === VACANT ? 'vacant' : (tables.page.states[state] ?? `state ${state}`);
      const isNew = state === VACANT && generation === 0;
      if (!isNew) this.parts.set(`page word of Gfn ${gfn}`, `${name}, generation ${generation}`);
      const location = ept.peek(gfn);
      const { writable, accessed } = ept.flagsOf(gfn);
      if (location !== NOWHERE)
        this.parts.set(
          `EPT of Gfn ${gfn}`,
          `${geometry.place(location)}, ${writable ? 'writable' : 'read-only'}${accessed ? ', accessed' : ''}`,
        );
      const listed = world.lists[world.listNumber(gfn)]!.generationOf(gfn);
      if (listed >= 0) this.parts.set(`moved list on Gfn ${gfn}`, `generation ${listed}`);
    }
  }

  private guests({ world, vcpus }: Built): void {
    const { geometry, gpt, tlbs, tables } = world;
    for (let gvpn = 0; gvpn < geometry.gvpns; gvpn++) {
      const entry = gpt.peek(gvpn);
      if (pteKind(entry) === pte.none) continue;
      const payload = ptePayload(entry);
      const says =
        pteKind(entry) === pte.migration
          ? `migration entry of vcpu${payload}`
          : `Gfn ${payload}${pteKind(entry) === pte.hint ? ', PROT_NONE' : ''}`;
      this.parts.set(`guest page table of page ${gvpn}`, says);
    }
    vcpus.forEach(({ own, balancing }, v) => {
      const state = tables.vcpu.states[own[field.state]!]!;
      const gvpn = own[field.gvpn]!;
      const access =
        own[field.busy] === 0 ? '' : `, ${own[field.write] === 1 ? 'writing' : 'reading'} page ${gvpn}`;
      this.parts.set(`vcpu${v}`, `${state}${access}`);
      balancing.phase.forEach((now, slot) => {
        if (now === phase.idle) return;
        const [page, from, to] = [balancing.gvpn, balancing.source, balancing.destination];
        const says = `page ${page[slot]}, Gfn ${from[slot]} to ${to[slot]}: ${phaseNames[now]}`;
        this.parts.set(`vcpu${v}'s migration ${slot}`, says);
      });
      const held = tlbs[v]!.held().map(({ gvpn, gfn, location, writable }) => {
        const what = gvpn < 0 ? 'kmap' : `page ${gvpn}`;
        return `${what} = Gfn ${gfn} in ${geometry.place(location)}, ${writable ? 'writable' : 'read-only'}`;
      });
      if (held.length > 0) this.parts.set(`vcpu${v}'s TLB`, held.join('; '));
    });
  }

  private actors({ world, hypervisor, host }: Built): void {
    const { requests, operations, geometry, tables } = world;
    for (let request = 0; request < requests.state.length; request++) {
      const state = requests.state[request]!;
      if (state === tables.request.initial && requests.source[request] === requests.destination[request])
        continue;
      const kind = requestKinds[requests.kind[request]!];
      const result = results[requests.result[request]!];
      const says = `${tables.request.states[state]}: ${kind} Gfn ${requests.source[request]} to ${requests.destination[request]}, generation ${requests.generation[request]}`;
      this.parts.set(`request ${request}`, `${says}${result === 'OK' ? '' : `, ${result}`}`);
    }
    for (let v = 0; v < geometry.vcpus; v++)
      if (host.faultAwaits[v] !== 0)
        this.parts.set(`fault of vcpu${v}`, `waits at Gfn ${host.faultAwaits[v]! - 1}`);
    for (let operation = 0; operation < operations.count; operation++) {
      const kind = operationKinds[operations.kind[operation]! - 1];
      if (kind === undefined) continue;
      const [gfn, to] = [operations.gfn[operation]!, operations.to[operation]!];
      const acks = hypervisor.acks[operation]!;
      const destination = operations.destination[operation]!;
      const name = `operation ${operation}`;
      this.parts.set(name, `${kind} of Gfn ${gfn}${destination === gfn ? '' : ` to ${destination}`}`);
      const step = `${operations.step[operation]! + 1} ${host.interpreter.stepOf(operation) ?? 'end'}`;
      const waits = [
        ...(acks > 0 ? [`${acks} acknowledgements missing`] : []),
        ...(operations.awaitsGfn[operation] === 0
          ? []
          : [`waits for Gfn ${operations.awaitsGfn[operation]! - 1}`]),
        ...(operations.awaitsRoom[operation] === 0 ? [] : ['waits for room']),
      ];
      this.parts.set(`${name}'s step`, [step, ...waits].join(', '));
      if (to !== NOWHERE) this.parts.set(`${name}'s room`, geometry.place(to));
      const outcome = results[operations.outcome[operation]!]!;
      if (outcome !== 'OK') this.parts.set(`${name}'s result`, outcome);
    }
  }

  private locations({ world }: Built): void {
    const { geometry, locations } = world;
    const { free } = locations.table.state;
    for (let location = 1; location <= locations.count; location++) {
      const state = locations.states[location]!;
      if (state === free) continue;
      const first = (location + 1) * locations.pageWords;
      const words = locations.words.subarray(first, first + locations.pageWords);
      const name = locations.table.states[state];
      const gfn = locations.gfn[location]!;
      const header = gfn < 0 ? '' : `, Gfn ${gfn}, generation ${locations.generation[location]}`;
      const says = [...words].map((word) => content(geometry.gvpns, word)).join(' ');
      this.parts.set(geometry.place(location), `${name}${header}, words ${says}`);
    }
  }
}

/** Whose it is: of `vcpu0's TLB` vcpu0. */
function ownerOf(what: string): string {
  return what.split("'s ")[0]!;
}

/** A word of a page: how often page P's was written. */
function content(gvpns: number, word: number): string {
  if (word === 0) return '0';
  if (word === POISON) return 'poison';
  for (let gvpn = 0; gvpn < gvpns; gvpn++)
    if (tagOf(gvpn) === tagIn(word)) return `p${gvpn}:${countIn(word)}`;
  return (word >>> 0).toString(16);
}

function messagesIn({ system, world }: Built, words: readonly number[]): string[] {
  const { geometry, mailboxes } = system;
  const found: string[] = [];
  for (let i = 0; i < words.length; i += MESSAGE_WORDS) {
    const [ring, number, id, argument] = words.slice(i) as [number, number, number, number];
    const kind = messageKinds[number]!;
    const about =
      kind === 'flush'
        ? ` (Gfn ${argument})`
        : ABOUT_LOCATIONS.includes(kind) && argument !== NOWHERE
          ? ` (${world.geometry.place(argument)})`
          : '';
    const which = ALONE.includes(kind) ? '' : ` ${id}`;
    found.push(`${kind}${which}${about} from ${geometry.nameOf(mailboxes.links[ring]!.sender)}`);
  }
  return found;
}
