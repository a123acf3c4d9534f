// The monitors' pictures as states: taken out, interned and put back, so that a search can go on from any of them. A
// monitor is plain data beside its setting, and two pictures that look the same are the same.
import { deserialize, serialize } from 'node:v8';
import type { Property } from '../../properties/index.ts';
import type { Records } from '../../runtime/check/interner.ts';

/** Not part of a picture: constants, and what only counts. */
const CONSTANT: ReadonlySet<string> = new Set(['setting', 'geometry', 'on', 'name', 'kind', 'ofOption', 'examined', 'violation']); // prettier-ignore

type Fields = Record<string, unknown>;

/** One monitor, and the numbers of its pictures. */
export class MonitorStates {
  readonly property: Property;
  private readonly records: Records;
  /** Picture that the monitor has now, or -1 when that is not known. */
  private current = -1;

  constructor(property: Property, records: Records) {
    this.property = property;
    this.records = records;
  }
  /** Number of the picture that the monitor has now. */
  take(): number {
    this.property.prune();
    const bytes = serialize(copyFields(this.property as unknown as Fields, new Map()));
    const words = new Int32Array(Math.ceil(bytes.length / 4) + 1);
    words[0] = bytes.length;
    new Uint8Array(words.buffer).set(bytes, 4);
    return (this.current = this.records.intern(words, 0, words.length));
  }
  /** Gives the monitor a picture, and no violation. */
  put(number: number): void {
    this.property.violation = null;
    if (this.current === number) return;
    const { data } = this.records;
    const bytes = Buffer.from(new Uint8Array(data.buffer, (number + 1) * 4, data[number]).slice());
    putFields(this.property as unknown as Fields, deserialize(bytes) as Fields);
    this.current = number;
  }
  /** Events are about to be shown to it. */
  touch(): void {
    this.current = -1;
  }
}

function isData(value: object): boolean {
  return (
    Object.getPrototypeOf(value) === Object.prototype ||
    Array.isArray(value) ||
    value instanceof Map ||
    value instanceof Set ||
    ArrayBuffer.isView(value)
  );
}

/** A copy in which maps and sets are in order of their keys; what is shared stays shared. */
function copyFields(from: Fields, seen: Map<object, unknown>): Fields {
  const copy: Fields = {};
  for (const [name, value] of Object.entries(from)) {
    if (CONSTANT.has(name) || typeof value === 'function') continue;
    copy[name] = copyOf(value, seen);
  }
  return copy;
}
function copyOf(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const keep = <T>(copy: T): T => {
    seen.set(value, copy);
    return copy;
  };
  if (ArrayBuffer.isView(value)) return keep((value as Int32Array).slice());
  if (Array.isArray(value)) {
    const copy: unknown[] = keep([]);
    for (const item of value) copy.push(copyOf(item, seen));
    return copy;
  }
  if (value instanceof Map) {
    const copy = keep(new Map<unknown, unknown>());
    for (const key of [...value.keys()].sort(byNumber)) copy.set(key, copyOf(value.get(key), seen));
    return copy;
  }
  if (value instanceof Set) return keep(new Set([...value].sort(byNumber)));
  return keep(copyFields(value as Fields, seen));
}
function byNumber(a: unknown, b: unknown): number {
  return Number(a) - Number(b);
}

function putFields(into: Fields, picture: Fields): void {
  for (const [name, value] of Object.entries(picture)) {
    const now = into[name];
    // A part with methods of its own stays what it is.
    if (typeof now === 'object' && now !== null && !isData(now)) putFields(now as Fields, value as Fields);
    else into[name] = value;
  }
}
