// Plain data as words, the same words for the same data: maps and sets in order of their keys, what is shared told once.
// (A general serialiser writes equal numbers in different ways, by how the engine happens to hold them.)
import type { Records } from '../../runtime/check/interner.ts';

const tag = { undefined: 0, null: 1, false: 2, true: 3, integer: 4, real: 5, string: 6, array: 7, map: 8, set: 9, object: 10, words: 11, again: 12 } as const; // prettier-ignore

/** What a part of a picture may refer to that is the same for ever. */
const CONSTANT: ReadonlySet<string> = new Set(['setting', 'geometry']);

export type Fields = Record<string, unknown>;

export class PictureCode {
  private readonly records: Records;
  /** Names, which are records themselves. */
  private readonly numbers = new Map<string, number>();
  private readonly names = new Map<number, string>();
  private readonly real = new Float64Array(1);
  private readonly realWords = new Int32Array(this.real.buffer);
  private out: number[] = [];
  private readonly seen = new Map<object, number>();
  private at = 0;
  private made: unknown[] = [];
  private isInside = false;

  constructor(records: Records) {
    this.records = records;
  }

  /** @param skips fields of the outermost that are no data */
  encode(fields: Fields, skips: ReadonlySet<string>): Int32Array {
    this.out = [];
    this.seen.clear();
    this.putFields(fields, skips);
    return Int32Array.from(this.out);
  }
  decode(record: number): Fields {
    this.at = record;
    this.made = [];
    this.isInside = false;
    return this.take() as Fields;
  }

  private nameOf(number: number): string {
    let name = this.names.get(number);
    if (name === undefined) {
      const { data } = this.records;
      name = String.fromCharCode(...data.subarray(number, number + this.records.lengthOf(number)));
      this.names.set(number, name);
    }
    return name;
  }
  private numberOf(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) {
      const characters = Int32Array.from(name, (character) => character.charCodeAt(0));
      number = this.records.intern(characters, 0, characters.length);
      this.numbers.set(name, number);
    }
    return number;
  }

  private putFields(fields: Fields, skips: ReadonlySet<string>): void {
    const { out } = this;
    out.push(tag.object, 0);
    const count = out.length - 1;
    for (const name of Object.keys(fields)) {
      const value = fields[name];
      if (skips.has(name) || typeof value === 'function') continue;
      out.push(this.numberOf(name));
      this.put(value);
      out[count]!++;
    }
  }
  private put(value: unknown): void {
    const { out, seen } = this;
    switch (typeof value) {
      case 'number':
        if ((value | 0) === value) out.push(tag.integer, value);
        else {
          this.real[0] = value;
          out.push(tag.real, this.realWords[0]!, this.realWords[1]!);
        }
        return;
      case 'boolean':
        out.push(value ? tag.true : tag.false);
        return;
      case 'string':
        out.push(tag.string, this.numberOf(value));
        return;
      case 'object':
        break;
      default:
        out.push(tag.undefined);
        return;
    }
    if (value === null) {
      out.push(tag.null);
      return;
    }
    const known = seen.get(value);
    if (known !== undefined) {
      out.push(tag.again, known);
      return;
    }
    seen.set(value, seen.size);
    if (value instanceof Map) {
      out.push(tag.map, value.size);
      for (const key of [...value.keys()].sort(byNumber)) {
        this.put(key);
        this.put(value.get(key));
      }
    } else if (value instanceof Set) {
      out.push(tag.set, value.size);
      for (const item of [...value].sort(byNumber)) this.put(item);
    } else if (Array.isArray(value)) {
      out.push(tag.array, value.length);
      for (const item of value) this.put(item);
    } else if (value instanceof Int32Array) out.push(tag.words, value.length, ...value);
    else this.putFields(value as Fields, CONSTANT);
  }

  private take(): unknown {
    const { data } = this.records;
    switch (data[this.at++]) {
      case tag.null:
        return null;
      case tag.false:
        return false;
      case tag.true:
        return true;
      case tag.integer:
        return data[this.at++];
      case tag.real:
        this.realWords[0] = data[this.at++]!;
        this.realWords[1] = data[this.at++]!;
        return this.real[0];
      case tag.string:
        return this.nameOf(data[this.at++]!);
      case tag.array: {
        const length = data[this.at++]!;
        const array: unknown[] = [];
        this.made.push(array);
        for (let i = 0; i < length; i++) array.push(this.take());
        return array;
      }
      case tag.map: {
        const size = data[this.at++]!;
        const map = new Map<unknown, unknown>();
        this.made.push(map);
        for (let i = 0; i < size; i++) {
          const key = this.take();
          map.set(key, this.take());
        }
        return map;
      }
      case tag.set: {
        const size = data[this.at++]!;
        const set = new Set<unknown>();
        this.made.push(set);
        for (let i = 0; i < size; i++) set.add(this.take());
        return set;
      }
      case tag.words: {
        const length = data[this.at++]!;
        const words = data.slice(this.at, this.at + length);
        this.at += length;
        this.made.push(words);
        return words;
      }
      case tag.object: {
        const count = data[this.at++]!;
        const fields: Fields = {};
        // The outermost is no value that anything in it could refer to.
        if (this.isInside) this.made.push(fields);
        this.isInside = true;
        for (let i = 0; i < count; i++) {
          const name = this.nameOf(data[this.at++]!);
          fields[name] = this.take();
        }
        return fields;
      }
      case tag.again:
        return this.made[data[this.at++]!];
      default:
        return undefined;
    }
  }
}

function byNumber(a: unknown, b: unknown): number {
  return Number(a) - Number(b);
}
