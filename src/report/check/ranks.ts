// An order of a column's rows by what they say. Their numbers depend on which was found first, which is another one in every run
// of several threads; and which of two states stands for both decides what the reduction takes first.
import { mixAll, type Records } from '../../runtime/check/interner.ts';
import { larger } from './offers.ts';
import type { Vector } from './vector.ts';

export class Ranks {
  private readonly vector: Vector;
  private readonly records: Records;
  /** By column and row: a hash of what it says; 0 = not known. */
  private readonly known: Int32Array[];
  /** By column: places in its rows of all but the monitors' pictures, which name things by numbers. */
  private readonly places: readonly (readonly number[])[];

  constructor(vector: Vector, records: Records) {
    this.vector = vector;
    this.records = records;
    this.known = vector.rows.map(() => new Int32Array(1 << 8));
    const pictures = new Set(vector.monitors);
    this.places = vector.rows.map(({ width }, column) =>
      Array.from({ length: width }, (_, i) => i).filter((i) => !pictures.has(vector.firstOf[column]! + i)),
    );
  }

  get bytes(): number {
    return this.known.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Whether a row comes before another one of its column. Where only pictures differ, or hashes are equal, numbers decide. */
  isLess(column: number, one: number, other: number): boolean {
    const ours = this.of(column, one);
    const theirs = this.of(column, other);
    return ours === theirs ? one < other : ours < theirs;
  }
  private of(column: number, row: number): number {
    const known = this.known[column]![row];
    return known === undefined || known === 0 ? this.find(column, row) : known;
  }
  private find(column: number, row: number): number {
    const { records } = this;
    const { data, width } = this.vector.rows[column]!;
    let hash = 0;
    for (const place of this.places[column]!) {
      const record = data[row * width + place]!;
      const words = record === 0 ? [] : records.data.subarray(record, record + records.lengthOf(record));
      hash = mixAll(hash, words);
    }
    while (row >= this.known[column]!.length) this.known[column] = larger(this.known[column]!);
    return (this.known[column]![row] = hash || 1);
  }
}
