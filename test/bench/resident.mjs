// Loaded into each process of a command that is measured: at its end it puts down the most KiB that were resident.
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.COPYLESS_RESIDENT;
if (isMainThread && file !== undefined)
  process.on('exit', () => appendFileSync(file, `${process.resourceUsage().maxRSS}\n`));
