// What a synthetic workload is, and how its scripts are made: lazily, one stretch of operations after the other, so that
// the length of a script costs no memory. A workload is one file with a `WorkloadFactory` as its default export.
//
// Rules: a script depends on (shape, parameters, seed, vCPU) only, never on the order in which scripts are read; its
// chance comes from `stream(seed, vcpu)`, what all vCPUs must agree on from `sharedStream(seed)`.

import { encode, operation, OPERATION_WORDS } from '../../model/script.ts';
import type { GuestShape, ScriptSource, Workload } from '../../model/script.ts';
import { assert } from '../../stdx/assert.ts';
import { InputError } from '../../stdx/input-error.ts';
import { Prng } from '../../stdx/prng.ts';

export interface WorkloadFactory<Name extends string = string> {
  name: string;
  /** One sentence: what this workload shows. */
  sentence: string;
  /** Every parameter with its default; all are whole numbers. */
  defaults: Readonly<Record<Name, number>>;
  /** Throws an `InputError` when the parameters or the shape cannot be used. */
  create(shape: GuestShape, parameters?: Readonly<Record<string, number>>): Workload;
}

/** `count` operations in a row. `put` is called once for each, in order, and writes its two words at `out[at]`. */
export interface Stretch {
  count: number;
  put(index: number, out: Int32Array, at: number): void;
}

/** Pages a synthetic workload may have: a guest of 256 GiB. */
export const PAGES_MAX = 1 << 26;
/** Pages of one with bulk moves: what a bulk move can count in its argument, with room to spare. */
export const BULK_PAGES_MAX = 1 << 22;
/** Small enough for a count times a number of phases to stay exact. */
const COUNT_MAX = 2 ** 36;
const PHASES_MAX = 2 ** 16;

/** The scripts of a guest: `script` is started once per vCPU, at its first read. */
export function scripts(vcpus: number, script: (vcpu: number) => Iterator<Stretch, void>): ScriptSource {
  const cursors: Cursor[] = [];
  return {
    read(vcpu, out) {
      assert(vcpu >= 0 && vcpu < vcpus, `vCPU: expected 0 to ${vcpus - 1}, saw ${vcpu}`);
      return (cursors[vcpu] ??= new Cursor(script(vcpu))).read(out);
    },
  };
}

class Cursor {
  private readonly stretches: Iterator<Stretch, void>;
  private stretch: Stretch | undefined;
  private index = 0;

  constructor(stretches: Iterator<Stretch, void>) {
    this.stretches = stretches;
  }

  read(out: Int32Array): number {
    const room = Math.floor(out.length / OPERATION_WORDS);
    assert(room >= 1, 'read: expected room for 1 operation or more, saw none');
    let count = 0;
    while (count < room) {
      if (this.stretch === undefined || this.index >= this.stretch.count) {
        // A finished generator keeps saying so: the script has ended, "and from then on".
        const next = this.stretches.next();
        if (next.done) break;
        this.stretch = next.value;
        this.index = 0;
        continue;
      }
      this.stretch.put(this.index++, out, count++ * OPERATION_WORDS);
    }
    return count;
  }
}

/** One operation that names no page, or a first page. */
export function once(code: number, argument: number, gvpn = 0): Stretch {
  return {
    count: 1,
    put(_, out, at) {
      out[at] = encode(code, argument);
      out[at + 1] = gvpn;
    },
  };
}

/** Reads and writes of random words: `page` says of which page the i-th is. */
export function accesses(
  count: number,
  prng: Prng,
  writePercent: number,
  pageWords: number,
  page: (index: number) => number,
): Stretch {
  return {
    count,
    put(index, out, at) {
      const gvpn = page(index);
      const code = prng.chance(writePercent, 100) ? operation.write : operation.read;
      out[at] = encode(code, prng.below(pageWords));
      out[at + 1] = gvpn;
    },
  };
}

/** The chance of one vCPU. */
export function stream(seed: number, vcpu: number): Prng {
  return new Prng().seed(seed, vcpu);
}

/** Far above any vCPU's number. */
const SHARED_STREAM = 1 << 20;

/** Chance that is the same for all vCPUs of the guest; `part` tells apart what needs streams of its own. */
export function sharedStream(seed: number, part = 0): Prng {
  return new Prng().seed(seed, SHARED_STREAM + part);
}

/** The defaults with the user's values over them; refuses what no workload could use. */
export function withDefaults<Name extends string>(
  workload: string,
  defaults: Readonly<Record<Name, number>>,
  given: Readonly<Record<string, number>>,
): Record<Name, number> {
  const place = { file: `workload ${workload}` };
  const merged: Record<string, number> = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new InputError(
        place,
        `unknown parameter '${name}'`,
        `one of ${Object.keys(defaults).join(', ')}`,
        'correct its name',
      );
    }
    const [min, max] = rangeOf(name);
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new InputError(
        place,
        `${name} is ${value}`,
        `a whole number from ${min} to ${max}`,
        `leave it out for ${merged[name]}`,
      );
    }
    merged[name] = value;
  }
  return merged;
}

/** The name tells the range, so that a parameter means the same in every workload. */
function rangeOf(name: string): [min: number, max: number] {
  if (name === 'exponentPercent') return [0, 400];
  if (name.endsWith('Percent')) return [0, 100];
  if (name.endsWith('Permille')) return [0, 1000];
  if (name === 'bulk') return [0, 1];
  if (name === 'phases') return [1, PHASES_MAX];
  if (name === 'rounds') return [0, COUNT_MAX];
  if (name.toLowerCase().endsWith('pages')) return [1, PAGES_MAX];
  return [1, COUNT_MAX];
}

/** Refuses a combination that `withDefaults` cannot see. */
export function refuseUnless(
  condition: boolean,
  workload: string,
  what: string,
  expected: string,
  hint: string,
): asserts condition {
  if (!condition) throw new InputError({ file: `workload ${workload}` }, what, expected, hint);
}

/** The first vCPU whose vNode is not that of vCPU 0, or -1. */
export function firstElsewhere(shape: GuestShape): number {
  return shape.vcpuVnodes.findIndex((vnode) => vnode !== shape.vcpuVnodes[0]);
}
