// A protocol of one's own, in fifteen lines: it refuses requests while the destination is full. Run it, and check it, with
//   npm run simulate -- --protocol conventional --protocol examples/protocols/stay-when-full.ts
//   npm run copyless -- check --protocol examples/protocols/stay-when-full.ts
import type { ProtocolFile } from '../../src/index.ts';

export default {
  name: 'stay-when-full',
  sentence: 'maps first and migrates in the same request, and refuses while the destination is full',
  guestAsks: 'map-then-migrate',
  plan: (_request, _page, host) => {
    if (host.destinationRoom === 0) return 'NOMEM';
    const vacate = host.destinationBacked ? (['vacate'] as const) : [];
    return ['reserve', 'accept', ...vacate, 'unmap', 'remap', 'load', 'map', 'release', 'retire'];
  },
} satisfies ProtocolFile;
