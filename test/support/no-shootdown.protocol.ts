// A broken protocol for threads to load by path: swap-out tells no vCPU to drop its translations.
import migrate from '../../src/protocols/copyless-migrate.ts';
import type { ProtocolFile } from '../../src/protocols/index.ts';

export default {
  ...migrate,
  name: 'no-shootdown',
  unchecked: true,
  swapOut: migrate.swapOut.filter((step) => step !== 'shootdown'),
} satisfies ProtocolFile;
