// What every hypervisor does today: the guest copies the page itself, its touch of the source faults the page back in
// there, and only then is it copied on.
import { unlisted } from './host-plans.ts';
import { properties, type Protocol } from './protocol.ts';

export default {
  name: 'conventional',
  sentence: 'back through the source node, then the guest copies: two transfers',
  guestAsks: 'nothing',
  claims: properties.filter((property) => property !== 'no-copy-back'),
  ...unlisted,
  plan: () => 'EINVAL',
} satisfies Protocol;
