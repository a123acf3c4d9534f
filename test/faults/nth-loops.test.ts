// Fail the n-th: one fault at the first occasion, then alone at the second, and so on until a run has no such occasion any
// more. Where there are hundreds, every tenth part is left out.
import { expect, test } from 'vitest';
import type { FaultName } from '../../src/model/faults.ts';
import { faultWitness } from '../../src/properties/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import { caseNumber, judge, told } from './faulty-worlds.ts';

const EACH = 24;
/** In order of time, with a store. */
const CASES = [2, 5, 8, 14];
const faults: readonly FaultName[] = [
  'hypervisor restart',
  'lose call',
  'lose done',
  'delay done',
  'repeat request',
  'no frame',
  'read error',
  'write error',
  'bit flip at rest',
  'misdirected write',
];

// shows: claim 12, race 23 (restart at every step), race 20 (I/O error at every step)
test.each(faults)('%s: at each occasion that a run has, alone, it breaks nothing', (fault) => {
  for (const [p, protocol] of protocols.entries()) {
    let struck = 0;
    for (let nth = 1; ; nth += nth < EACH ? 1 : Math.ceil(nth / 10)) {
      const faulty = caseNumber(CASES[p]!, 1 + p, protocol, [{ fault, nth }]);
      const judged = judge(faulty);
      if (judged.broken.length > 0) throw new Error(told(faulty));
      if (!judged.examined.includes(faultWitness(fault))) break;
      struck++;
    }
    if (fault === 'repeat request' && protocol.guestAsks === 'nothing') continue;
    expect(struck, protocol.name).toBeGreaterThan(0);
  }
});
