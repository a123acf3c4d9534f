// The known word that a mistyped one most likely stands for, for the hint of an `InputError`.

/** Longest word that is compared: a name is short, and the comparison takes time quadratic in it. */
const LENGTH_MAX = 64;

/**
 * The nearest of `known` within a third of its length in edits (swapped neighbours count as one), else the first that
 * `seen` is a part of ("skylake"), else nothing: a far-fetched guess is worse than none.
 */
export function didYouMean(seen: string, known: readonly string[]): string | undefined {
  const word = seen.trim().toLowerCase();
  if (word === '' || word.length > LENGTH_MAX) return undefined;
  let best: string | undefined;
  let bestEdits = Infinity;
  for (const candidate of known) {
    const edits = editDistance(word, candidate.toLowerCase());
    if (edits < bestEdits && edits <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate;
      bestEdits = edits;
    }
  }
  if (best !== undefined) return best;
  return word.length < 3 ? undefined : known.find((candidate) => candidate.toLowerCase().includes(word));
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, substitution);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) edits = Math.min(edits, beforeLast[j - 2]! + 1);
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
