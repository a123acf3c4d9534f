// Beside each *always* a *sometimes*: that the interesting case happened. A campaign without its witnesses is not a pass.
import { cause, finding, operationKind, result } from '../model/words.ts';
import { marksTo, type NumberSet, numbersTo } from '../stdx/numbers.ts';
import type { Observers, Property, Setting } from './property.ts';
import { Witness } from './sometimes.ts';

/** Witnesses by name; what each one sees is its name. */
export const witnessNames = [
  'a page was moved out',
  'a page was moved out for being idle',
  'a listed page was asked for and moved',
  'a hold met a demand fault',
  'a stale entry was found out',
  'a request met a busy page',
  'the destination was full',
  'the list overflowed and a guest was told unknown',
  'a live translation was shot down',
  'a swap-out was cancelled by a write',
  'a mapped page was first touched later',
  'a mapped page was balanced again, untouched',
  'a vCPU waited at a migration entry',
  'the guest copied a page itself',
  'a prefetch brought a page back',
  'a destination that was still backed was vacated',
  'far memory took a page',
  'a page moved twice',
  'a page went out again without a write',
  'a clean copy was given up for room',
  'read-ahead left a copy on the source',
  'a copy that read-ahead left was mapped',
  'a copy that read-ahead left was dropped',
] as const;
export type WitnessName = (typeof witnessNames)[number];

export function witnesses({ geometry, page }: Setting): Property[] {
  const outs = numbersTo(geometry.gfns, 0);
  const fills = new Map<number, NumberSet>();
  const on = page.event;
  const held = new Set<number>();
  const kept = numbersTo(geometry.homeFirst[geometry.homes]!, 1);
  const all: Record<WitnessName, (saw: () => void) => Observers> = {
    'a page was moved out': (saw) => ({
      ended: (e) => e.from === operationKind['swap-out'] && e.result === result.OK && saw(),
    }),
    'a page was moved out for being idle': (saw) => ({
      ended: (e) =>
        e.from === operationKind['swap-out'] && e.result === result.OK && e.cause === cause.idle && saw(),
    }),
    'a listed page was asked for and moved': (saw) => ({ answered: (e) => e.result === result.OK && saw() }),
    'a hold met a demand fault': (saw) => ({
      page: (e) => {
        // By policy the fault is refused (seen below), or it ends the hold.
        if (e.cause === on.convert) saw();
        if (e.to === page.state['listed.held'] || e.to === page.state['remapped.held']) held.add(e.gfn);
        else held.delete(e.gfn);
      },
      left: (e) => void held.delete(e.gfn),
      resumed: (e) => {
        if (e.result === result.BUSY && held.has(e.gfn)) saw();
      },
    }),
    'a stale entry was found out': (saw) => {
      const found = new Map<number, number>();
      return {
        inspected: (e) => {
          if (found.has(e.id)) saw();
          found.delete(e.id);
          if (e.result === finding.listed) found.set(e.id, e.gfn);
        },
        page: (e) => {
          if (e.cause === on.detect) found.delete(e.actor);
        },
        answered: (e) => {
          if (e.result === result.STALE) saw();
        },
      };
    },
    'a request met a busy page': (saw) => ({ answered: (e) => e.result === result.BUSY && saw() }),
    'the destination was full': (saw) => ({ answered: (e) => e.result === result.NOMEM && saw() }),
    'the list overflowed and a guest was told unknown': (saw) => ({
      inspected: (e) => e.result === finding.unknown && saw(),
    }),
    'a live translation was shot down': (saw) => ({
      tlbFill: (e) => {
        let gfns = fills.get(e.id);
        if (!gfns) fills.set(e.id, (gfns = marksTo(geometry.gfns)));
        gfns.add(e.gfn);
      },
      tlbFlush: (e) => {
        if (fills.get(e.id)?.delete(e.gfn)) saw();
      },
    }),
    'a swap-out was cancelled by a write': (saw) => ({ page: (e) => e.cause === on.touch && saw() }),
    'a mapped page was first touched later': (saw) => ({
      page: (e) => e.from === page.state['remapped.mapped'] && e.cause === on.demand && saw(),
    }),
    'a mapped page was balanced again, untouched': (saw) => ({
      page: (e) =>
        e.from === page.state['remapped.held'] && (e.cause === on.map || e.cause === on.migrate) && saw(),
    }),
    'a vCPU waited at a migration entry': (saw) => ({ waited: saw }),
    'the guest copied a page itself': (saw) => ({ dataIn: (e) => e.cause === cause.copy && saw() }),
    'a prefetch brought a page back': (saw) => ({ dataIn: (e) => e.cause === cause.prefetch && saw() }),
    'a destination that was still backed was vacated': (saw) => ({
      ended: (e) => e.from === operationKind.drop && e.result === result.OK && saw(),
    }),
    'far memory took a page': (saw) => ({
      dataIn: (e) => e.cause === cause.none && geometry.isFrame(e.to) && saw(),
    }),
    'a page moved twice': (saw) => ({
      ended: (e) => {
        if (e.from !== operationKind['swap-out'] || e.result !== result.OK) return;
        const times = (outs.get(e.gfn) ?? 0) + 1;
        outs.set(e.gfn, times);
        if (times === 2) saw();
      },
    }),
    'a page went out again without a write': (saw) => ({
      duplicate: (e) => void kept.set(e.to, e.gfn),
      released: (e) => void kept.delete(e.from),
      entered: (e) => {
        if (kept.get(e.to) === e.gfn && !geometry.isFrame(e.to)) saw();
      },
    }),
    'a clean copy was given up for room': (saw) => ({
      ended: (e) =>
        e.from === operationKind.trim && e.cause === cause.pressure && geometry.isFrame(e.to) && saw(),
    }),
    'read-ahead left a copy on the source': (saw) => ({
      page: (e) => e.to === page.state['swapped.cached'] && saw(),
    }),
    'a copy that read-ahead left was mapped': (saw) => ({
      page: (e) => e.from === page.state['swapped.cached'] && e.cause === on.demand && saw(),
    }),
    'a copy that read-ahead left was dropped': (saw) => ({ page: (e) => e.cause === on.trim && saw() }),
  };
  return witnessNames.map((name) => new Witness(name, all[name]));
}
