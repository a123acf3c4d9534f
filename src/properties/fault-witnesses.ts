// For a campaign with faults: that each one struck. Beside the other witnesses, which are about what the protocols do.
import { faultNames, type FaultName } from '../model/faults.ts';
import type { Property } from './property.ts';
import { Witness } from './sometimes.ts';

/** What the witness of a fault is called. */
export function faultWitness(fault: FaultName): string {
  return `fault: ${fault}`;
}

export function faultWitnesses(faults: Iterable<FaultName>): Property[] {
  return [...new Set(faults)].map((fault) => {
    const number = faultNames.indexOf(fault);
    return new Witness(faultWitness(fault), (saw) => ({
      fault: (e) => {
        if (e.result === number) saw();
      },
    }));
  });
}
