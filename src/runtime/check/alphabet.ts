// Small numbers for the values that a part of a system takes. Values are JSON-like (null, booleans, numbers, strings,
// arrays, plain objects); equal ones get one number. They are frozen, so that a step that writes into one is caught.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One text per value: objects by sorted keys, keys without a value left out. */
export function keyOf(value: unknown, where: string): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`${where}: expected finite numbers, saw ${value}`);
      return Object.is(value, -0) ? '0' : String(value);
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map((item) => keyOf(item, where)).join(',')}]`;
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null)
        throw new Error(`${where}: expected plain objects, saw a ${value.constructor.name}`);
      const fields = Object.entries(value).filter(([, field]) => field !== undefined);
      fields.sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${keyOf(field, where)}`).join(',')}}`;
    }
    default:
      throw new Error(`${where}: expected a JSON-like value, saw a ${typeof value}`);
  }
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const field of Object.values(value)) freeze(field);
}

export class Alphabet {
  readonly part: string;
  /** By number. */
  readonly values: unknown[] = [];
  private readonly numbers = new Map<string, number>();

  /** @param from the first number given */
  constructor(part: string, from: number) {
    this.part = part;
    while (this.values.length < from) this.values.push(undefined);
  }
  /** One more than the highest number given. */
  get size(): number {
    return this.values.length;
  }
  intern(value: unknown): number {
    const key = keyOf(value, `part ${this.part}`);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    freeze(value);
    this.values.push(value);
    this.numbers.set(key, this.values.length - 1);
    return this.values.length - 1;
  }
}
