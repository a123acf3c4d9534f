// An entry of one word, so that no reader sees half of one: used, overflow mark, generation, and the tag that tells apart
// the Gfns which share an entry.
import { finding } from '../../model/words.ts';
import { GENERATION_MASK } from '../page-words.ts';
import type { Placement } from './placement.ts';

const USED = 1;
const OVERFLOW = 2;
const GENERATION_SHIFT = 2;
const TAG_SHIFT = 16;

/** What stands in an entry now. */
export function entryWord(placement: Placement, entry: number): number {
  const gfn = placement.occupant(entry);
  const used =
    gfn < 0
      ? 0
      : USED | (placement.generation(entry) << GENERATION_SHIFT) | (placement.tagOf(gfn) << TAG_SHIFT);
  return used | (placement.isOverflowed(entry) ? OVERFLOW : 0);
}
/** What an entry says of the Gfn with this tag. */
export function findingIn(word: number, tag: number): number {
  if ((word & USED) !== 0 && word >>> TAG_SHIFT === tag) return finding.listed;
  return (word & OVERFLOW) !== 0 ? finding.unknown : finding.resident;
}
export function generationIn(word: number): number {
  return (word >>> GENERATION_SHIFT) & GENERATION_MASK;
}
