// The lines that a reader may type next: from a checkout by npm's scripts, elsewhere by the program's name.
import { isCheckout } from '../stdx/checkout.ts';
import { CONTROLS } from '../stdx/input-error.ts';

/** A path as a POSIX shell takes it: quoted where it must be, on one line, and no option. */
export function shellWord(path: string): string {
  const word = path.startsWith('-') ? `./${path}` : path;
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (word.search(CONTROLS) < 0) return `'${word.replaceAll("'", `'\\''`)}'`;
  const bytes = (text: string) =>
    [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  return `$'${word.replaceAll(/[\\']/g, bytes).replaceAll(CONTROLS, bytes)}'`;
}

/** @param rest what follows the verb */
export function commandTo(verb: 'simulate' | 'replay', rest: string): string {
  if (!isCheckout) return `npx copyless ${verb} ${rest}`;
  return verb === 'simulate' ? `npm run simulate -- ${rest}` : `npm run copyless -- ${verb} ${rest}`;
}
