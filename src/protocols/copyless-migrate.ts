// Claims 6 and 7: the data moves from its new source location to the destination node before any mapping does.
import { listed } from './host-plans.ts';
import { properties, type Protocol } from './protocol.ts';

export default {
  name: 'copyless-migrate',
  sentence: 'straight from where the page is to the destination node, then the mapping',
  guestAsks: 'migrate',
  claims: properties,
  ...listed,
  plan: (_request, _page, host) =>
    host.destinationBacked
      ? ['reserve', 'accept', 'vacate', 'load', 'unmap', 'map', 'release', 'retire']
      : ['reserve', 'accept', 'load', 'unmap', 'map', 'release', 'retire'],
} satisfies Protocol;
