// The way to what a search of a world has found, as choices.
import { Successors, TooNarrow } from '../../runtime/check/explorable.ts';
import { type Search, stepTo, type Violation } from '../../runtime/check/search.ts';
import { assert } from '../../stdx/assert.ts';
import type { Choice } from './choice.ts';
import type { WorldSystem } from './world-system.ts';

/** A way, and what is broken at its end. */
interface Told {
  choices: Choice[];
  name: string;
}

export function tell(search: Search, violation: Violation): Told {
  const system = search.model as WorldSystem;
  if (system.alike.length > 0) return follow(search, violation);
  const { path, name, violating = -1 } = violation;
  const { keys } = search.set;
  const choice = (id: number, k: number) =>
    system.choicesOf(keys, id * system.words, new Successors(system.words))[k]!;
  const choices = path.slice(1).map((id, i) => choice(path[i]!, stepTo(system, search.set, path[i]!, id)));
  if (violating >= 0) choices.push(choice(path.at(-1)!, violating));
  return { choices, name };
}

/**
 * Each state of the way stands for others. It is followed from the start through states as they are, by all steps that there
 * are: at each one is taken that leads to a state which the next one stands for.
 */
function follow(search: Search, { path, name, violating = -1 }: Violation): Told {
  const system = search.model as WorldSystem;
  const { reduces } = system;
  system.reduces = false;
  try {
    for (;;) {
      const found = system.asTheyAre(() => followed(search, system, path, violating >= 0 ? name : null));
      if (found !== null) return { name, ...found };
      search.widen();
    }
  } finally {
    system.reduces = reduces;
  }
}
/** @param breaks what the last step breaks, or null @returns null where states have to be packed more widely for it */
function followed(
  search: Search,
  system: WorldSystem,
  path: readonly number[],
  breaks: string | null,
): { choices: Choice[]; name?: string } | null {
  const choices: Choice[] = [];
  const { words } = system;
  const out = new Successors(words);
  const state = new Int32Array(words);
  const settled = new Int32Array(words);
  try {
    system.initial((first) => state.set(first));
    for (const id of path.slice(1)) {
      const here = system.choicesOf(state, 0, out);
      const broken = new Set(out.broken.map(({ k }) => k));
      const lead = here.filter((_, k) => !broken.has(k));
      const next = lead.findIndex((_, i) => {
        settled.set(out.keys.subarray(i * words, (i + 1) * words));
        system.settle(settled);
        return search.set.find(settled, 0) === id;
      });
      assert(next >= 0, `the way to state ${id}: expected a step to a state that it stands for, saw none`);
      choices.push(lead[next]!);
      state.set(out.keys.subarray(next * words, (next + 1) * words));
    }
    if (breaks === null) return { choices };
    const here = system.choicesOf(state, 0, out);
    const property = (text: string) => text.split(': ')[0];
    const last = out.broken.find((one) => property(one.property) === property(breaks))!;
    return { choices: [...choices, here[last.k]!], name: last.property };
  } catch (error) {
    if (error instanceof TooNarrow) return null;
    throw error;
  }
}
