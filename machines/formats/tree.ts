// What the writers of formats share: the steps of a table by name, and its dotted state names as the tree that they come from.
import type { Table } from '../compile.ts';

export interface Step {
  from: string;
  event: string;
  to: string;
}

/** By state, then by event. */
export function stepsOf({ states, events, next }: Table): Step[] {
  return states.flatMap((from, row) =>
    events.flatMap((event, column) => {
      const to = states[next[row * events.length + column]!];
      return to === undefined ? [] : [{ from, event, to }];
    }),
  );
}

export interface Branch {
  /** The whole dotted name. */
  name: string;
  /** Its last part. */
  label: string;
  /** Empty for a state that the machine can be in. */
  children: readonly Branch[];
}

/** The outermost states, in the order of the table. */
export function treeOf({ states }: Table): Branch[] {
  return grow(states, '');
}

function grow(names: readonly string[], prefix: string): Branch[] {
  const byHead = Map.groupBy(names, (name) => name.slice(prefix.length).split('.')[0]!);
  return [...byHead].map(([label, below]) => {
    const name = prefix + label;
    return { name, label, children: below.includes(name) ? [] : grow(below, `${name}.`) };
  });
}

/**
 * A word of a language for each name: letters, digits and underscores, none of them twice and none that the language has
 * already. A dotted name becomes one with underscores.
 * @param taken reserved words, and names given before
 */
export function words(names: readonly string[], taken: ReadonlySet<string>): ReadonlyMap<string, string> {
  const given = new Set(taken);
  return new Map(
    names.map((name) => {
      let word = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
      if (!/^[A-Za-z]/.test(word)) word = `x${word}`;
      while (given.has(word)) word += '_';
      given.add(word);
      return [name, word];
    }),
  );
}

/** A name inside double quotes, in the languages that escape as C does. */
export function quoted(name: string): string {
  return `"${name.replaceAll(/["\\]/g, '\\$&')}"`;
}
