// A protocol of one's own, in fifteen lines: migrate while the destination has room to spare, else only map. Run it with
//   npm run simulate -- --protocol conventional --protocol examples/protocols/stay-when-full.ts
import type { ProtocolFile } from '../../src/index.ts';

export default {
  name: 'stay-when-full',
  sentence: 'maps first and migrates in the same request only while the destination has room to spare',
  guestAsks: 'map-then-migrate',
  plan: (_request, _page, host) => {
    if (host.destinationRoom < 8) return 'NOMEM';
    const vacate = host.destinationBacked ? (['vacate'] as const) : [];
    return ['reserve', 'accept', ...vacate, 'unmap', 'remap', 'load', 'map', 'release', 'retire'];
  },
} satisfies ProtocolFile;
