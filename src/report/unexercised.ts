// A protocol none of whose requests was ever accepted has shown nothing: not one step of its plan for them was made, however
// many runs or states there were.
import type { Protocol } from '../protocols/index.ts';
import { whole } from '../stdx/figures.ts';
import type { Run } from './result.ts';

/** Requests of a protocol, in some runs together. */
export interface Asked {
  asked: number;
  accepted: number;
}

/** Requests from which on it is no accident that none of them was accepted: of drawn schedules about half are. */
const NO_ACCIDENT = 50;

/** Protocols of a campaign that asked, in vain. */
export function inVain(requests: Readonly<Record<string, Asked>>): string[] {
  return Object.entries(requests).flatMap(([name, { asked, accepted }]) =>
    accepted === 0 && asked >= NO_ACCIDENT ? [name] : [],
  );
}

/** The same of runs that somebody chose: one request is enough. */
export function inVainIn(runs: readonly Run[]): string[] {
  return [...new Set(runs.map(({ protocol }) => protocol))].filter((name) => {
    const own = runs.filter(({ protocol }) => protocol === name);
    const asked = own.some(({ requests }) => Object.values(requests).some((count) => count > 0));
    return asked && own.every(({ requestsAccepted }) => requestsAccepted === 0);
  });
}

/** A guest that asks for nothing has no plan for it. */
export function asksForSomething({ guestAsks }: Pick<Protocol, 'guestAsks'>): boolean {
  return guestAsks !== 'nothing';
}

/** What is said of a protocol that asked, in vain. @param asked how often, if that is known */
export function unexercised(name: string, asked?: number): string {
  const none = asked === undefined ? 'no request was' : `none of ${whole(asked)} requests was`;
  return `MISSED ${name}: ${none} ever accepted, so its plan was not exercised`;
}
