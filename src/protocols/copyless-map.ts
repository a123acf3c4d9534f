// Claim 2: the entry moves to the destination Gfn, the bytes stay where they are. The next touch brings them straight
// to the destination node; a page that is never touched is never moved. It is listed anew under its new name.
import { listed } from './host-plans.ts';
import { properties, type Protocol } from './protocol.ts';

export default {
  name: 'copyless-map',
  sentence: 'only the mapping moves; the next touch brings the page to the destination',
  guestAsks: 'map',
  claims: properties,
  ...listed,
  plan: (_request, _page, host) =>
    host.destinationBacked
      ? ['accept', 'vacate', 'unmap', 'remap', 'retire', 'export']
      : ['accept', 'unmap', 'remap', 'retire', 'export'],
} satisfies Protocol;
