// The scene of a fact: where pages are and have been, as far as the events of a run tell, and in which state.
import type { PageTable } from '../../../machines/index.ts';
import { event, type TraceEvent } from '../../model/events.ts';
import type { Geometry } from '../../model/geometry.ts';
import { result } from '../../model/words.ts';
import type { Setting } from '../../properties/index.ts';

/** Events that change what a scene says. */
export const SCENE = ['seized', 'balanced', 'born', 'died', 'page', 'left', 'entered'] as const;

export class Scene {
  private readonly setting: Pick<Setting, 'geometry' | 'page'>;
  /** By Gfn: the page that is, was last, or is about to be there; and its state. */
  private readonly pages = new Map<number, number>();
  private readonly states = new Map<number, string | undefined>();
  /** By page: the Gfn that the guest's page table names, or named last. */
  private readonly homes = new Map<number, number>();
  /** By operation: state of the page that it carries from one Gfn to another. */
  private readonly carried = new Map<number, string | undefined>();
  /** By location: pages that were there, none of them twice in a row. */
  private readonly tenants = new Map<number, number[]>();

  constructor(geometry: Geometry, page: PageTable) {
    this.setting = { geometry, page };
  }
  get geometry(): Geometry {
    return this.setting.geometry;
  }
  get table(): PageTable {
    return this.setting.page;
  }
  /** Drops what a fact can never ask for. */
  keepFor({ text }: { text: string }): void {
    if (!text.includes(' where ')) this.tenants.clear();
    if (text.includes(' while ')) return;
    for (const part of [this.states, this.homes, this.carried]) part.clear();
  }
  pageOf(gfn: number): number {
    return this.pages.get(gfn) ?? -1;
  }
  wasIn(location: number, page: number): boolean {
    return this.tenants.get(location)?.includes(page) ?? false;
  }
  /** State of the page that an event is about, before it. */
  stateAt(e: TraceEvent): string | undefined {
    switch (e.kind) {
      case event.seized:
      case event.balanced:
        return this.states.get(e.from);
      case event.waited:
      case event.read:
      case event.wrote:
        return this.states.get(this.homes.get(e.gfn) ?? -1);
      default:
        return this.states.get(e.gfn);
    }
  }

  observe(e: TraceEvent): void {
    switch (e.kind) {
      case event.seized:
        if (e.from >= 0) this.pages.set(e.from, e.gfn);
        if (e.to >= 0) this.pages.set(e.to, e.gfn);
        return;
      case event.balanced: {
        // What the page does not live in any more may hold its old content for long: that is no page.
        const left = e.result === result.OK ? e.from : e.to;
        if (this.pages.get(left) === e.gfn) this.pages.delete(left);
        this.homes.set(e.gfn, e.result === result.OK ? e.to : e.from);
        return;
      }
      case event.born:
        this.states.set(e.gfn, this.table.states[this.table.initial]);
        return;
      case event.page:
        this.states.set(e.gfn, this.table.states[e.to]);
        return;
      case event.left:
        this.carried.set(e.id, this.states.get(e.gfn));
        this.states.delete(e.gfn);
        return;
      case event.died:
        this.states.delete(e.gfn);
        return;
      case event.entered: {
        if (this.carried.has(e.id)) this.states.set(e.gfn, this.carried.get(e.id));
        this.carried.delete(e.id);
        const tenants = this.tenants.get(e.to) ?? [];
        const page = this.pageOf(e.gfn);
        if (tenants.at(-1) !== page) this.tenants.set(e.to, [...tenants, page]);
      }
    }
  }
}
