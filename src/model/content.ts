// What guest pages contain: each 32-bit word that a vCPU wrote holds the tag of its page and the number of writes to that
// word. A store is an atomic increment, so memory after a run depends on the accesses and not on their interleaving,
// a lost update leaves a gap, and another page's bytes carry another tag. Zero is a word never written.

const COUNT_BITS = 20;
export const COUNT_MASK = (1 << COUNT_BITS) - 1;

/** Fills free frames and slots: its tag, 0xdea, belongs to no page. */
export const POISON = 0xdeadbeef | 0;

/** Tag of a guest virtual page: 1 .. 3500, so that one foreign word in 3500 goes unnoticed, and a page of them does not. */
export function tagOf(gvpn: number): number {
  return 1 + ((Math.imul(gvpn + 1, 0x9e3779b1) >>> 8) % 3500);
}
export function countIn(word: number): number {
  return word & COUNT_MASK;
}
export function tagIn(word: number): number {
  return word >>> COUNT_BITS;
}
/** The word after one more write by the page's owner. */
export function written(word: number, tag: number): number {
  return (tag << COUNT_BITS) | ((word + 1) & COUNT_MASK);
}
