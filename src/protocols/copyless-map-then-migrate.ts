// Claims 2 and 3, both in one request: first the mapping, then the data, in one transaction.
import { listed } from './host-plans.ts';
import { type Plan, properties, type Protocol } from './protocol.ts';

export default {
  name: 'copyless-map-then-migrate',
  sentence: 'first the mapping, then the data straight to the destination, in one request',
  guestAsks: 'map-then-migrate',
  claims: properties,
  ...listed,
  plan(_request, { at }, { destinationBacked, keysNamePages }) {
    const remap: Plan = keysNamePages && at === 'slot' ? ['remap', 'rekey'] : ['remap'];
    const vacate: Plan = destinationBacked ? ['vacate'] : [];
    return ['reserve', 'accept', ...vacate, 'unmap', ...remap, 'load', 'map', 'release', 'retire'];
  },
} satisfies Protocol;
