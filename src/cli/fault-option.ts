// `--faults`: none, a plan drawn from each seed (swarm: some of the faults; all: any of them), or one written out, such as
// `lose request:3,read error:2` (the third request and the second read of each actor that has any).
import { drawFaults, type FaultName, faultNames, type FaultPlan } from '../model/faults.ts';
import { quote } from '../scenarios/quote.ts';
import { didYouMean } from '../stdx/did-you-mean.ts';
import { refuse, wholeNumber } from './options.ts';

/** Faults that a drawn plan has in it. */
const DRAWN = 12;
/** After these a page can be lost for good: guest memory is then not what it is without them. */
const LOSING: readonly FaultName[] = [
  'read error',
  'bit flip at rest',
  'bit flip in flight',
  'misdirected write',
];

/** The plan of each seed. */
export function faultsFor(text: string | undefined): (seed: number) => FaultPlan {
  if (text === undefined || text === 'none') return () => [];
  if (text === 'swarm' || text === 'all') return (seed) => drawFaults(seed, text, DRAWN);
  const plan = text.split(',').map((entry) => {
    const [name = '', nth, ...rest] = entry.split(':');
    if (nth === undefined || rest.length > 0 || !(faultNames as readonly string[]).includes(name)) {
      const guess = didYouMean(name, faultNames);
      const hint = guess ? `did you mean ${guess}:${nth ?? 1}?` : 'such as lose request:3,read error:2';
      return refuse('--faults', quote(entry), 'swarm, all, none, or NAME:NTH,...', hint);
    }
    return { fault: name as FaultName, nth: wholeNumber(nth, '--faults', 1) };
  });
  return () => plan;
}

export function mayLosePages(plan: FaultPlan): boolean {
  return plan.some(({ fault }) => LOSING.includes(fault));
}
