// The shipped protocols, and the door through which a user's own comes: both are completed the same way.
import conventional from './conventional.ts';
import copylessMap from './copyless-map.ts';
import copylessMapThenMigrate from './copyless-map-then-migrate.ts';
import copylessMigrate from './copyless-migrate.ts';
import type { Protocol, ProtocolFile } from './protocol.ts';

export * from './protocol.ts';
export { type Circumstances, legalPlans, orderOf, validatePlan } from './order.ts';
export type { PlanFor } from './plan-shapes.ts';

export const protocols: readonly Protocol[] = [
  conventional,
  copylessMap,
  copylessMigrate,
  copylessMapThenMigrate,
];

/** A protocol from a file's default export: what it leaves out is as in copyless-migrate. */
export function completeProtocol(file: ProtocolFile): Protocol {
  return { ...copylessMigrate, ...file };
}
