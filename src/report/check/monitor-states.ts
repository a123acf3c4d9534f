// The monitors' pictures as states: taken out, interned and put back, so that a search can go on from any of them. A
// monitor is plain data beside its setting, and two pictures that look the same are the same.
import type { Property } from '../../properties/index.ts';
import type { Records } from '../../runtime/check/interner.ts';
import { type Fields, PictureCode } from './picture-code.ts';

/** Not part of a picture: constants, and what only counts. */
const CONSTANT: ReadonlySet<string> = new Set(['setting', 'geometry', 'on', 'name', 'kind', 'ofOption', 'examined', 'violation']); // prettier-ignore

/** One monitor, and the numbers of its pictures. */
export class MonitorStates {
  readonly property: Property;
  private readonly records: Records;
  private readonly code: PictureCode;
  /** Picture that the monitor has now, or -1 when that is not known. */
  private current = -1;

  constructor(property: Property, records: Records) {
    this.property = property;
    this.records = records;
    this.code = new PictureCode(records);
  }
  /** Number of the picture that the monitor has now. */
  take(): number {
    this.property.prune();
    const words = this.code.encode(this.property as unknown as Fields, CONSTANT);
    return (this.current = this.records.intern(words, 0, words.length));
  }
  /** Gives the monitor a picture, and no violation. */
  put(number: number): void {
    this.property.violation = null;
    if (this.current === number) return;
    putFields(this.property as unknown as Fields, this.code.decode(number));
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

function putFields(into: Fields, picture: Fields): void {
  for (const [name, value] of Object.entries(picture)) {
    const now = into[name];
    // A part with methods of its own stays what it is.
    if (typeof now === 'object' && now !== null && !isData(now)) putFields(now as Fields, value as Fields);
    else into[name] = value;
  }
}
