// All properties of one run. I10, which compares runs, is in `src/report/differential.ts`.
import { AdvisoryList } from './advisory-list.ts';
import { Answered } from './answered.ts';
import { AsyncFaults } from './async-faults.ts';
import { Conservation } from './conservation.ts';
import { ExactlyOnce } from './exactly-once.ts';
import { faultWitnesses } from './fault-witnesses.ts';
import { GivenBack } from './given-back.ts';
import { HugePages } from './huge-pages.ts';
import { Isolation } from './isolation.ts';
import { LegalLifecycle } from './legal-lifecycle.ts';
import { NoCopyBack } from './no-copy-back.ts';
import { Pin } from './pin.ts';
import type { Property, Setting } from './property.ts';
import { ReadLastWrite } from './read-last-write.ts';
import { SealedSlots } from './sealed-slots.ts';
import { Shootdown } from './shootdown.ts';
import { SingleHome } from './single-home.ts';
import { witnesses } from './witnesses.ts';

export { AT_REST, Property, type Setting, type Violation, whenSeen } from './property.ts';
export { faultWitness } from './fault-witnesses.ts';
export { witnessNames, type WitnessName } from './witnesses.ts';

/** Fresh monitors for one run: every *always*, then every *sometimes*; among those, the faults that are planned. */
export function monitors(setting: Setting): Property[] {
  return [
    new NoCopyBack(setting),
    new SingleHome(setting),
    new ReadLastWrite(setting),
    new Isolation(setting),
    new Pin(setting),
    new Conservation(setting),
    new AdvisoryList(setting),
    new ExactlyOnce(),
    new Shootdown(setting),
    new LegalLifecycle(setting),
    new Answered(setting),
    ...(setting.geometry.spec.policy.encryption === 'none' ? [] : [new SealedSlots(setting)]),
    new GivenBack(setting),
    new AsyncFaults(),
    new HugePages(setting),
    ...witnesses(setting),
    ...faultWitnesses((setting.geometry.spec.faults ?? []).map(({ fault }) => fault)),
  ];
}
