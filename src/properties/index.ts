// All properties of one run. I10, which compares runs, is in `src/report/differential.ts`.
import { AdvisoryList } from './advisory-list.ts';
import { Answered } from './answered.ts';
import { Conservation } from './conservation.ts';
import { ExactlyOnce } from './exactly-once.ts';
import { Isolation } from './isolation.ts';
import { LegalLifecycle } from './legal-lifecycle.ts';
import { NoCopyBack } from './no-copy-back.ts';
import { Pin } from './pin.ts';
import type { Property, Setting } from './property.ts';
import { ReadLastWrite } from './read-last-write.ts';
import { Shootdown } from './shootdown.ts';
import { SingleHome } from './single-home.ts';
import { witnesses } from './witnesses.ts';

export { Property, type Setting, type Violation } from './property.ts';
export { witnessNames, type WitnessName } from './witnesses.ts';

/** Fresh monitors for one run: every *always*, then every *sometimes*. */
export function monitors(setting: Setting): Property[] {
  return [
    new NoCopyBack(setting),
    new SingleHome(setting),
    new ReadLastWrite(setting),
    new Isolation(),
    new Pin(setting),
    new Conservation(setting),
    new AdvisoryList(setting),
    new ExactlyOnce(),
    new Shootdown(setting),
    new LegalLifecycle(setting),
    new Answered(setting),
    ...witnesses(setting),
  ];
}
