// Trace events told as FIG. 4 tells them: who does what to whom, under which numeral, and to which page. Follows every page
// from Gfn to Gfn, so that a page's story can be picked out by its Gvpn.
import { event, eventKinds, type TraceEvent } from '../model/events.ts';
import type { Geometry } from '../model/geometry.ts';
import { illegalInWords } from '../properties/legal-lifecycle.ts';
import {
  cause,
  causes,
  finding,
  operationKind,
  purpose,
  requestKinds,
  result,
  results,
} from '../model/words.ts';
import type { PageTable } from '../../machines/index.ts';
import type { LaneStep } from './lanes.ts';

export interface NarratedEvent extends LaneStep {
  sequence: number;
  /** Guest virtual pages it is about, numbered over all guests. */
  pages: readonly number[];
  gfns: readonly number[];
  /** Fine print: what a journey leaves out, and a failure may hinge on. */
  fine: boolean;
  /** Changes nothing but what a vCPU has cached, or waits for. */
  quiet: boolean;
  /** What the page is called in counts: see `journey.ts`. */
  what: What;
}
export type What = '' | 'out' | 'copy-back' | 'direct' | 'copied' | 'in' | 'seized' | 'balanced' | 'failed';

export const HOST = 'host (401)';
export const HYPERVISOR = 'hypervisor (402)';
export const GUEST = 'guest (403)';

const NOTHING = [] as const;

const QUIET: readonly number[] = [
  event.tlbFill,
  event.tlbFlush,
  event.faulted,
  event.inspected,
  event.hinted,
];

interface Operation {
  kind: number;
  gfn: number;
  destination: number;
}

export class Narrator {
  private readonly geometry: Geometry;
  private readonly page: PageTable;
  private readonly lanePerVcpu: boolean;
  /** By Gfn: the page that is there, or is on its way there. */
  private readonly pageAt = new Map<number, number>();
  private readonly operations = new Map<number, Operation>();
  private readonly requests = new Map<number, { source: number; destination: number; kind: number }>();
  private readonly overflowed = new Set<number>();

  /** @param lanePerVcpu a lane for each vCPU, instead of one for the guest */
  constructor(geometry: Geometry, page: PageTable, lanePerVcpu: boolean) {
    this.geometry = geometry;
    this.page = page;
    this.lanePerVcpu = lanePerVcpu;
  }

  /** All lanes, in their order. */
  get lanes(): string[] {
    const { geometry } = this;
    const vcpus = geometry.vcpuGuest.map((_, vcpu) => this.guest(vcpu));
    const homes = Array.from({ length: geometry.homes }, (_, home) => this.home(home));
    return [HOST, HYPERVISOR, ...new Set(vcpus), ...homes];
  }
  private guest(vcpu: number): string {
    return this.lanePerVcpu ? `vcpu${vcpu}` : GUEST;
  }
  private home(home: number): string {
    return this.geometry.nameOf(this.geometry.actorOfHome(home));
  }
  laneOf(actor: number): string {
    const { geometry } = this;
    if (actor === geometry.host) return HOST;
    if (actor === geometry.hypervisor) return HYPERVISOR;
    return actor < geometry.vcpus ? this.guest(actor) : geometry.nameOf(actor);
  }
  private at(location: number): string {
    return this.geometry.place(location);
  }

  /** The page that is at a Gfn, or on its way there. */
  pageOf(gfn: number): number | undefined {
    return this.pageAt.get(gfn);
  }

  /** The pages that an event is about. */
  pagesOf(e: TraceEvent): number[] {
    return this.aboutOf(e).pages;
  }
  /** The pages and Gfns that an event is about. */
  aboutOf(e: TraceEvent): { pages: number[]; gfns: number[] } {
    const gfns: number[] = [];
    const pages: number[] = [];
    switch (e.kind) {
      case event.waited:
      case event.stalled:
      case event.read:
      case event.wrote:
      case event.hinted:
      case event.seized:
      case event.balanced:
        pages.push(e.gfn);
        break;
      case event.forwarded: {
        const request = this.requests.get(e.id);
        if (request) gfns.push(request.source, request.destination);
        break;
      }
      case event.reserved:
      case event.released:
      case event.noRoom:
      case event.stray: {
        const operation = this.operations.get(e.id);
        if (operation) gfns.push(operation.gfn, operation.destination);
        break;
      }
      case event.hintsSet:
      case event.handedOver:
      case event.tookOver:
      case event.halted:
        break;
      case event.illegal:
        if (e.id === 0) gfns.push(e.gfn);
        break;
      case event.requested:
      case event.accepted:
      case event.answered:
      case event.began:
        gfns.push(e.gfn, e.destination);
        break;
      default:
        gfns.push(e.gfn);
    }
    for (const gfn of gfns) {
      const page = this.pageAt.get(gfn);
      if (page !== undefined) pages.push(page);
    }
    return { pages: [...new Set(pages)], gfns };
  }

  /**
   * Every event must pass through here, in order.
   * @param only a page: what is about others is followed and not told
   * @returns what is to be told of an event: nothing, a line, or several where FIG. 4 has several
   */
  tell(e: TraceEvent, only?: number): readonly NarratedEvent[] {
    const access = e.kind === event.read || e.kind === event.wrote;
    if (access && only !== undefined && e.gfn !== only) return NOTHING;
    if (e.kind === event.seized) {
      if (e.to >= 0) this.pageAt.set(e.to, e.gfn);
    } else if (e.kind === event.began) {
      this.operations.set(e.id, { kind: e.from, gfn: e.gfn, destination: e.destination });
    } else if (e.kind === event.requested) {
      this.requests.set(e.id, { source: e.gfn, destination: e.destination, kind: e.from });
    }
    const { pages, gfns } = this.aboutOf(e);
    const told = only === undefined || pages.includes(only);
    const steps = (told ? this.stepsOf(e) : NOTHING).map(
      ([numeral, from, to, text, what = '', fine = false]) => ({
        numeral,
        from,
        to,
        text,
        what,
        fine,
        time: e.time,
        sequence: e.sequence,
        pages,
        gfns,
        quiet: QUIET.includes(e.kind),
      }),
    );
    if (e.kind === event.balanced) {
      const [left, here] = e.result === result.OK ? [e.from, e.to] : [e.to, e.from];
      if (left >= 0 && this.pageAt.get(left) === e.gfn) this.pageAt.delete(left);
      if (here >= 0) this.pageAt.set(here, e.gfn);
    } else if (e.kind === event.ended) {
      this.operations.delete(e.id);
    }
    return steps;
  }

  private stepsOf(e: TraceEvent): Line[] {
    const { geometry } = this;
    const lane = this.laneOf(e.actor);
    const by = this.guest(e.id);
    switch (e.kind) {
      case event.page:
        return this.pageSteps(e, lane);
      case event.illegal:
        return [['', lane, lane, illegalInWords(e, this.page), '', true]];
      case event.born:
        return [['', HOST, HOST, `first touch: Gfn ${e.gfn} is at ${this.at(e.to)}`]];
      case event.died:
        return [['', HOST, HOST, `what was at Gfn ${e.gfn} is dropped`, '', true]];
      case event.left:
        return [['465', HOST, HOST, `Gfn ${e.gfn} no longer names ${this.at(e.from)}`]];
      case event.entered:
        return this.enteredSteps(e);
      case event.reserved:
        return [['', lane, HOST, `${this.at(e.to)} reserved`, '', true]];
      case event.released:
        return [['', lane, HOST, `${this.at(e.from)} is free again`, '', true]];
      case event.dataIn:
        return this.dataSteps(e);
      case event.eptSet: {
        const text = `vNode ${this.vnode(e.gfn)}: Gfn ${e.gfn} maps ${this.at(e.to)}`;
        const forRequest = [...this.operations.values()].some(
          ({ kind, destination }) => kind === operationKind.balance && destination === e.gfn,
        );
        if (!forRequest) return [['', HOST, HYPERVISOR, text, '', true]];
        return [
          ['480', HOST, HYPERVISOR, 'map the destination to its vNode'],
          ['485', HYPERVISOR, HYPERVISOR, text],
        ];
      }
      case event.eptCleared:
        return [['', HOST, HYPERVISOR, `Gfn ${e.gfn} is not mapped any more`, '', true]];
      case event.eptProtected:
        return [['', HOST, HYPERVISOR, `Gfn ${e.gfn} is write-protected`, '', true]];
      case event.tlbFill:
        return [
          ['', by, by, `may ${e.result === 1 ? 'write' : 'read'} ${this.at(e.to)} as Gfn ${e.gfn}`, '', true],
        ];
      case event.tlbFlush:
        return [['', by, HYPERVISOR, `has no translation of Gfn ${e.gfn}`, '', true]];
      case event.listed: {
        const completed = this.overflowed.delete(e.gfn);
        const reader = this.guest(geometry.guestVcpu[geometry.guestOf(e.gfn)]!);
        return [
          completed
            ? ['420', HYPERVISOR, HYPERVISOR, `there is room for Gfn ${e.gfn} now`]
            : ['415', HOST, HYPERVISOR, `Gfn ${e.gfn} is to be on the list`],
          ['425', HYPERVISOR, reader, `list: Gfn ${e.gfn} generation ${e.generation}`],
          ['430', reader, reader, 'can read it, in shared memory'],
        ];
      }
      case event.overflowed:
        this.overflowed.add(e.gfn);
        return [
          ['415', HOST, HYPERVISOR, `Gfn ${e.gfn} is to be on the list`],
          ['420', HYPERVISOR, HYPERVISOR, `no room for it: marked, so that the guest finds "unknown"`],
        ];
      case event.delisted:
        this.overflowed.delete(e.gfn);
        return [['485', HOST, HYPERVISOR, `Gfn ${e.gfn} is off the list`]];
      case event.inspected: {
        const seen: Record<number, string> = {
          [finding.resident]: 'not on the list: resident',
          [finding.listed]: `on the list in generation ${e.generation}`,
          [finding.unknown]: 'unknown: the list has no room',
        };
        return [
          ['435', by, HYPERVISOR, `balancing: looks Gfn ${e.gfn} up in the list`],
          ['440', by, by, seen[e.result]!],
        ];
      }
      case event.requested: {
        const numeral = ['445', '450', '445+450'][e.from] ?? '';
        const vcpu = this.guest(e.actor);
        const text = `${requestKinds[e.from] ?? 'ask'} Gfn ${e.gfn} generation ${e.generation} to Gfn ${e.destination} on vNode ${this.vnode(e.destination)}`;
        return [[numeral, vcpu, HYPERVISOR, text]];
      }
      case event.forwarded:
        return [['455', HYPERVISOR, HOST, 'checked and forwarded']];
      case event.accepted:
        return [['460', HOST, HOST, `taken on: the content is at ${this.at(e.to)}`]];
      case event.answered:
        if (e.result === result.OK) return [['', HOST, HYPERVISOR, 'done', '', true]];
        return [
          ['460', lane, this.guest(Math.floor(e.id / geometry.spec.batch)), `refused: ${results[e.result]}`],
        ];
      case event.faulted: {
        const copies = e.cause === purpose.balance;
        const how = e.result === 1 ? 'written' : 'read';
        const text = copies
          ? `its own copy touches Gfn ${e.gfn}, which is away`
          : `faults, and waits until Gfn ${e.gfn} may be ${how}`;
        return [['', by, HYPERVISOR, text, '', !copies]];
      }
      case event.machineCheck:
        return [['', HYPERVISOR, by, `the content of Gfn ${e.gfn} is lost`]];
      case event.zeroed:
        return [['', lane, lane, `${this.at(e.to)} cleared`, '', true]];
      case event.hinted:
        return e.result === 1 ? [] : [['', by, by, 'hint fault: the page is on another vNode']];
      case event.seized:
        if (e.from < 0) return [['', by, by, `first touch: Gfn ${e.to}`, '', true]];
        return [['', by, by, `out of the page table: Gfn ${e.from} is to become Gfn ${e.to}`, 'seized']];
      case event.balanced:
        if (e.from < 0) return [['', by, by, `page table names Gfn ${e.to}`, '', true]];
        if (e.result !== result.OK)
          return [
            [
              '',
              by,
              by,
              `given up (${results[e.result]}): page table names Gfn ${e.from} as before`,
              'failed',
            ],
          ];
        return [
          [
            e.cause === cause.request ? '490' : '',
            by,
            by,
            `page table names Gfn ${e.to} on vNode ${this.vnode(e.to)}: balanced`,
            'balanced',
          ],
        ];
      case event.wrote:
        return [['', by, by, `writes word ${e.destination}: ${e.result}`, '', true]];
      case event.spilled:
        return [
          [
            '',
            HOST,
            HOST,
            `no room on node ${geometry.spec.nodes[e.from]!.id}: the frame comes from node ${geometry.spec.nodes[e.to]!.id}`,
          ],
        ];
      default:
        return [];
    }
  }

  private vnode(gfn: number): number {
    const { geometry } = this;
    return geometry.vnodeOf(gfn) - geometry.guestVnode[geometry.guestOf(gfn)]!;
  }

  private pageSteps(e: TraceEvent, lane: string): Line[] {
    const { states, events } = this.page;
    const change = `page: ${states[e.from]} -> ${states[e.to]} (${events[e.cause]})`;
    switch (events[e.cause]) {
      case 'export':
        return [['410', HOST, HYPERVISOR, `export Gfn ${e.gfn}, generation ${e.generation}`]];
      case 'detect':
        return [['440', lane, lane, `held: nothing may bring it back to its source (claim 12)`]];
      case 'cancel':
        return [['', lane, lane, 'the hold ends']];
      case 'convert':
        return [['', lane, lane, 'a demand fault ends the hold']];
      default:
        return [['', lane, lane, change, '', true]];
    }
  }

  private enteredSteps(e: TraceEvent): Line[] {
    const kind = this.operations.get(e.id)?.kind;
    const text = `Gfn ${e.gfn} names ${this.at(e.to)}`;
    const isNew =
      !this.geometry.isFrame(e.to) || !this.geometry.vnodeNode.includes(this.geometry.homeOf(e.to));
    if (kind === operationKind.balance && isNew) return [['470', HOST, HOST, `${text}: mapped, not moved`]];
    return [['', HOST, HOST, text, '', true]];
  }

  private dataSteps(e: TraceEvent): Line[] {
    const { geometry } = this;
    const [from, to] = [this.home(geometry.homeOf(e.from)), this.home(geometry.homeOf(e.to))];
    const move = `${this.at(e.from)} -> ${this.at(e.to)}`;
    switch (e.cause) {
      case cause.none:
        return [['405', from, to, `moved out: ${move}`, 'out']];
      case cause.request:
        return [['475', from, to, `${move}: one read, one write`, 'direct']];
      case cause.balance:
        return [['', from, to, `COPY-BACK: ${move}, its source node`, 'copy-back']];
      case cause.prepare:
        return [['', from, to, `false read: what was at Gfn ${e.gfn} before, only to be overwritten`]];
      case cause.copy:
        return [['', from, to, `copied by the guest: ${move}`, 'copied']];
      default:
        return [['', from, to, `${causes[e.cause] ?? eventKinds[e.kind]}: ${move}`, 'in']];
    }
  }
}

type Line = readonly [numeral: string, from: string, to: string, text: string, what?: What, fine?: boolean];
