// A pool's worker: a share of a level of a parallel search, for which the model is made once and kept; or a part of the states
// that are entered into a table that has grown.
import { performance } from 'node:perf_hooks';
import { enterPart } from '../src/runtime/check/entering.ts';
import type { Explorable } from '../src/runtime/check/explorable.ts';
import { type EnterTask, type LevelShare, type LevelTask, Share } from '../src/runtime/check/level-task.ts';
import { loadModel } from '../src/runtime/check/model-source.ts';
import { StateSet } from '../src/runtime/check/state-set.ts';
import { System } from '../src/runtime/check/system.ts';

let kept: { key: string; model: Explorable } | null = null;

export default async function run(task: LevelTask): Promise<LevelShare> {
  const learned = new Int32Array(task.learned);
  const model = await modelOf(task, learned);
  const { learning } = model;
  if (learning) {
    learning.frozen = true;
    if (learned.length > learning.length) learning.follow(learned.subarray(learning.length));
  }
  const share = new Share(model, task, () => performance.now());
  share.advance();
  return share.result();
}

export function enter({ states, count, ...part }: EnterTask): number[] {
  return enterPart(new StateSet(states.words, {}, states), count, part);
}

async function modelOf({ source, symmetry }: LevelTask, learned: Int32Array): Promise<Explorable> {
  const made = await cached(source);
  // A system is packed anew where the packing has changed: it stands at the head of the log.
  const head = made instanceof System ? learned.subarray(0, made.partNames.length) : learned.subarray(0, 0);
  const key = JSON.stringify([source, symmetry, [...head]]);
  if (kept?.key === key) return kept.model;
  const model = made instanceof System ? made.packed({ symmetry, bits: [...head] }) : made;
  kept = { key, model };
  return model;
}

let loaded: { key: string; made: System | Explorable } | null = null;
async function cached(source: LevelTask['source']): Promise<System | Explorable> {
  const key = JSON.stringify(source);
  if (loaded?.key !== key) loaded = { key, made: await loadModel(source) };
  return loaded.made;
}
