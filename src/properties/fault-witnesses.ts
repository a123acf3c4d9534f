// For a campaign with faults: that each one struck. Beside the other witnesses, which are about what the protocols do.
import { faultNames, type FaultName } from '../model/faults.ts';
import { type Observers, Property } from './property.ts';

class FaultWitness extends Property {
  override readonly kind = 'sometimes';
  readonly name: string;
  readonly on: Observers;

  constructor(fault: FaultName) {
    super();
    this.name = faultWitness(fault);
    const number = faultNames.indexOf(fault);
    this.on = {
      fault: (e) => {
        if (e.result === number) this.examined++;
      },
    };
  }
}

/** What the witness of a fault is called. */
export function faultWitness(fault: FaultName): string {
  return `fault: ${fault}`;
}

export function faultWitnesses(faults: Iterable<FaultName>): Property[] {
  return [...new Set(faults)].map((fault) => new FaultWitness(fault));
}
