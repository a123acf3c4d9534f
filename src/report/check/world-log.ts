// What a search of a world has found out beside its states, as words: for a checkpoint, and between threads that search together.
// Threads share the parts of states as they are; the first of them hears what it has not seen itself.
import { eventKinds } from '../../model/events.ts';
import type { Learning } from '../../runtime/check/explorable.ts';
import type { Records } from '../../runtime/check/interner.ts';
import type { OwnAffairs } from './own-affairs.ts';
import type { Vector } from './vector.ts';

/** What is put down of a world that is searched. */
export interface Logged {
  readonly vector: Vector;
  readonly records: Records;
  readonly affairs: OwnAffairs;
  /** By kind of event. */
  readonly happened: Uint8Array;
  /** What is alike, empty where that is not looked for; and what was found out about it taken up again. */
  saveSymmetry(): Int32Array;
  restoreSymmetry(saved: Int32Array): void;
}

export class WorldLog implements Learning {
  frozen = false;
  readonly length = 0;
  private readonly of: Logged;

  constructor(of: Logged) {
    this.of = of;
  }
  /** Whether a search that was saved so takes a vCPU's own affairs alone. */
  static takesAffairs(learned: Int32Array): boolean {
    return learned[1] === 1;
  }
  /** What it has of what is alike. */
  static symmetryIn(learned: Int32Array): Int32Array {
    const at = 1 + learned[0]!;
    return learned.subarray(at + 1, at + 1 + learned[at]!);
  }

  read(): Int32Array {
    const { vector, records, affairs, happened } = this.of;
    const parts = [
      Int32Array.of(affairs.areTaken ? 1 : 0),
      this.of.saveSymmetry(),
      vector.packing,
      records.save(),
      ...vector.rows.map((rows) => rows.save()),
      Int32Array.from(happened),
      ...affairs.save(),
    ];
    const all = new Int32Array(parts.reduce((sum, part) => sum + 1 + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all[at] = part.length;
      all.set(part, at + 1);
      at += 1 + part.length;
    }
    return all;
  }
  follow(words: Int32Array): void {
    if (words.length === 0) return;
    const { vector, records, affairs, happened } = this.of;
    let at = 0;
    const next = () => words.subarray(at + 1, (at += 1 + words[at]!));
    affairs.areTaken = next()[0] === 1;
    const symmetry = next();
    vector.layOut(next());
    records.restore(next());
    for (const rows of vector.rows) rows.restore(next());
    this.of.restoreSymmetry(symmetry);
    happened.set(next());
    while (at < words.length) affairs.hear(next());
  }
  /** A row of one word is a kind of event that happened, all others are of a vCPU's own affairs. */
  learn(row: Int32Array): void {
    if (row.length === 1) this.of.happened[row[0]!] = 1;
    else this.of.affairs.hear(row);
  }
  tell(): Int32Array[] {
    const { happened, affairs } = this.of;
    const news = eventKinds.flatMap((_, kind) => (happened[kind] === 1 ? [Int32Array.of(kind)] : []));
    happened.fill(0);
    return [...news, ...affairs.tell()];
  }
}
