// What is done word by word to the keys of states, written out for each width: loops of so few rounds cost more than what is
// in them, 6 to 12 % of all time of a search.

export interface Words {
  readonly copy: (from: Int32Array, at: number, into: Int32Array, to: number) => void;
  readonly equal: (one: Int32Array, at: number, other: Int32Array, to: number) => boolean;
  readonly hash: (keys: Int32Array, at: number) => number;
}

const known: (Words | undefined)[] = [];

/** For keys of so many words. */
export function wordsOf(words: number): Words {
  return (known[words] ??= write(words));
}

/** Mixes a word so that each bit of it counts in each bit of the result; it can be undone. */
export function mix(h: number): number {
  let x = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}

function write(words: number): Words {
  const each = (line: (w: number) => string) => Array.from({ length: words }, (_, w) => line(w));
  const copy = each((w) => `into[to + ${w}] = from[at + ${w}];`).join('\n');
  const equal = each((w) => `one[at + ${w}] === other[to + ${w}]`).join(' && ');
  const hash = each((w) => `h = Math.imul(h ^ keys[at + ${w}], 0x9e3779b1) ^ (h >>> 15);`).join('\n');
  // oxlint-disable no-implied-eval -- made of numbers only
  const mixed = new Function('keys', 'at', `let h = 0;\n${hash}\nreturn h;`) as Words['hash'];
  return {
    copy: new Function('from', 'at', 'into', 'to', copy) as Words['copy'],
    equal: new Function('one', 'at', 'other', 'to', `return ${equal};`) as Words['equal'],
    hash: words === 1 ? (keys, at) => mix(keys[at]!) : (keys, at) => mix(mixed(keys, at)),
  };
  // oxlint-enable no-implied-eval
}
