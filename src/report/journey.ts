// One page's journey in FIG. 4's lanes: a fold over a run's events that follows the page from Gfn to Gfn, and shows the first
// time that it was away when the guest balanced it, from being moved out to the guest's new page table entry.
import type { PageTable } from '../../machines/index.ts';
import { event, type TraceEvent } from '../model/events.ts';
import type { Geometry } from '../model/geometry.ts';
import { cause, result } from '../model/words.ts';
import { several } from '../stdx/figures.ts';
import { drawLanes } from './lanes.ts';
import { GUEST, HOST, HYPERVISOR, Narrator, type NarratedEvent, type What } from './narrator.ts';

/** Lines of one journey at most; what is between is left out. */
const LINES_MAX = 80;

export class Journey {
  private readonly geometry: Geometry;
  private readonly narrator: Narrator;
  private readonly page: number;
  private readonly name: string;
  /** Since the page was last moved out. */
  private open: NarratedEvent[] = [];
  private shown: NarratedEvent[] | null = null;
  /** The journey shown moved no bytes: the page's next arrival belongs to it. */
  private awaitsTouch = false;
  private readonly counts = new Map<What, number>();
  private firstTouch = '';
  private journeys = 0;
  /** By page: whether it is away, or came back for the balancing under way; and the pages balanced so. */
  private readonly away = new Set<number>();
  private readonly travelled = new Set<number>();

  /** @param page Gvpn, numbered over all guests */
  constructor(geometry: Geometry, table: PageTable, page: number, name: string) {
    this.geometry = geometry;
    this.narrator = new Narrator(geometry, table, false);
    this.page = page;
    this.name = name;
  }

  see(e: TraceEvent): void {
    for (const told of this.narrator.tell(e, this.page)) {
      if (told.pages.includes(this.page)) this.follow(told);
    }
    this.note(e);
  }

  /** A page that is away while the guest moves it makes a journey, whatever the protocol. */
  private note(e: TraceEvent): void {
    if (e.kind === event.balanced) {
      const moved = e.from >= 0 && e.result === result.OK;
      if (moved && this.away.delete(e.gfn) && this.geometry.guestOfGvpn(e.gfn) === 0)
        this.travelled.add(e.gfn);
    } else if (e.kind === event.dataIn) {
      for (const page of this.narrator.pagesOf(e)) {
        if (e.cause === cause.none) this.away.add(page);
        else if (e.cause === cause.demand || e.cause === cause.prefetch) this.away.delete(page);
      }
    }
  }

  private follow(told: NarratedEvent): void {
    const { what } = told;
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    if (told.text.startsWith('first touch') && !told.fine) this.firstTouch ||= told.text;
    if (what === 'out') this.open = [];
    if (told.fine) return;
    if (this.awaitsTouch && (what === 'in' || what === 'direct')) {
      this.awaitsTouch = false;
      this.shown!.push({ ...told, numeral: '475', text: `touched: ${told.text}` });
    }
    if (what === 'seized' && this.shown !== null) this.awaitsTouch = false;
    this.open.push(told);
    if (what === 'in') this.open = [];
    if (what !== 'balanced') return;
    const moved = this.open.some((step) => step.what === 'out');
    if (moved) this.journeys++;
    if (moved && this.shown === null) {
      this.shown = this.open;
      this.awaitsTouch = !this.open.some((step) => ['direct', 'copied'].includes(step.what));
    }
    this.open = [];
  }

  /** Pages of the first guest that made a journey, the lowest first. */
  get travellers(): number[] {
    return [...this.travelled].sort((a, b) => a - b);
  }

  /** @param isTimed the run's order is that of its times: else nothing is said of them */
  lines(isTimed = true): string[] {
    if (this.shown === null) return this.stayed();
    const steps = this.shown;
    const of = (what: What) => steps.filter((step) => step.what === what).length;
    const seized = steps.findLast((step) => step.what === 'seized');
    const us = seized
      ? ((steps.findLast((step) => step.what === 'balanced')!.time - seized.time) / 1000).toFixed(1)
      : '?';
    const took = isTimed ? ` ${us} us from the attempt to the new mapping ·` : '';
    const copies = of('copied') + of('direct') + of('copy-back');
    const head = `Page ${this.page} · ${this.name} ·${took} ${several(copies, 'transfer')} · ${several(of('copy-back'), 'copy-back')}`;
    const drawn =
      steps.length <= LINES_MAX ? steps : [...steps.slice(0, LINES_MAX - 20), ...steps.slice(-20)];
    const missing = steps.length - drawn.length;
    return [
      head,
      ...drawLanes(this.narrator.lanes, drawn, { always: [HOST, HYPERVISOR, GUEST], isTimed }),
      ...(missing > 0 ? [`(${missing} lines in the middle left out)`] : []),
      ...this.remarks(of),
    ];
  }

  private remarks(of: (what: What) => number): string[] {
    const lines: string[] = [];
    if (of('copy-back') > 0)
      lines.push(
        'A copyless host would not make the copy-back: the page would go straight to its destination.',
      );
    else if (of('direct') > 0)
      lines.push('Left out: the copy back to the source node, which conventional balancing would make here.');
    else if (of('copied') === 0)
      lines.push('No bytes moved for the request: the next touch brings them straight to the destination.');
    if (this.journeys > 1) lines.push(`The first of ${this.journeys} such journeys of this page.`);
    return lines;
  }

  private stayed(): string[] {
    const of = (what: What) => this.counts.get(what) ?? 0;
    const life = [
      this.firstTouch || 'it was never touched',
      `moved out: ${of('out')}`,
      `brought back on demand or by a prefetch: ${of('in')}`,
      `balanced while it was in its frame: ${of('balanced')}`,
      ...(of('failed') > 0 ? [`balancing given up: ${of('failed')}`] : []),
    ];
    const other = this.travellers[0];
    return [
      `Page ${this.page} · ${this.name} · was never balanced while it was moved out`,
      `  ${life.join('; ')}`,
      other === undefined
        ? '  No page was. Try less --memory, or a workload that moves more.'
        : `  Page ${other} was: --journey ${other}`,
    ];
  }
}
