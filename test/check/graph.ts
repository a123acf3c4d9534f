// A state graph written out by hand as something to search: state s is packed as the word s + 1.
import type { Explorable, Successors } from '../../src/testing.ts';

export interface Graph {
  states: number;
  /** [from, to, action]; a `to` of -1 is a step that breaks the property `bad step`. */
  edges: readonly (readonly [number, number, number])[];
  /** States that break the property `bad state`. */
  bad?: readonly number[];
  ends?: readonly number[];
  /** Bits pending by state. */
  pending?: readonly number[];
}

export function graphModel({ states, edges, bad = [], ends = [], pending }: Graph): Explorable {
  const from = Array.from({ length: states }, (_, state) => edges.filter((edge) => edge[0] === state));
  const at = (words: Int32Array, index: number) => words[index]! - 1;
  return {
    words: 1,
    hash: `graph of ${states}`,
    initial: (into) => into(Int32Array.of(1)),
    expand(words, index, out: Successors) {
      for (const [, to, action] of from[at(words, index)]!)
        if (to < 0) out.violate(action, 'bad step');
        else out.add(Int32Array.of(to + 1), 0, action);
    },
    judge: (words, index) => (bad.includes(at(words, index)) ? 'bad state' : null),
    isEnd: (words, index) => ends.includes(at(words, index)),
    describeAction: (words, index, k) => `a${from[at(words, index)]![k]![2]}`,
    describe: (words, index) => `s${at(words, index)}`,
    ...(pending ? { pending: (words: Int32Array, index: number) => pending[at(words, index)]! } : {}),
  };
}
