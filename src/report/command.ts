// The lines that a reader may type next: from a checkout by npm's scripts, elsewhere by the program's name.
import { isCheckout } from '../stdx/checkout.ts';

/** @param rest what follows the verb */
export function commandTo(verb: 'simulate' | 'replay', rest: string): string {
  if (!isCheckout) return `npx copyless ${verb} ${rest}`;
  return verb === 'simulate' ? `npm run simulate -- ${rest}` : `npm run copyless -- ${verb} ${rest}`;
}
