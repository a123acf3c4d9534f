// The lines that a reader may type next: from a checkout by npm's scripts, elsewhere by the program's name.
import { isCheckout } from '../stdx/checkout.ts';

/** As a POSIX shell takes it: quoted where it must be, and on one line. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  // oxlint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f\u007f]/.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const escaped = text.replaceAll(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f\\']/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `$'${escaped}'`;
}

/** @param rest what follows the verb */
export function commandTo(verb: 'simulate' | 'replay', rest: string): string {
  if (!isCheckout) return `npx copyless ${verb} ${rest}`;
  return verb === 'simulate' ? `npm run simulate -- ${rest}` : `npm run copyless -- ${verb} ${rest}`;
}
