// Input as messages quote it.
import { printable } from '../stdx/input-error.ts';

const QUOTE_MAX = 60;

/** Input as a message quotes it: the whole of a long value tells less than its beginning. */
export function quote(value: unknown): string {
  const text = printable((typeof value === 'string' ? value : asJson(value)) ?? 'nothing');
  return `'${text.length > QUOTE_MAX ? `${text.slice(0, QUOTE_MAX)}...` : text}'`;
}

/** A module may hand over what is no JSON. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return typeof value === 'bigint' ? String(value) : 'what is no JSON';
  }
}

/** What stands at a path of a parsed scenario. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, key) =>
      typeof node === 'object' && node !== null ? (node as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}
