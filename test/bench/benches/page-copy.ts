// Whole pages moved by `memory/transfer.ts` in the shared world, beside memcpy on the same pairs of pages of a pool as large: one
// pair again and again, random pairs of a pool that no cache holds, and pages of 2 MiB.
import { frameTable } from '../../../machines/index.ts';
import { Arena } from '../../../src/memory/arena.ts';
import { Locations } from '../../../src/memory/locations.ts';
import { Meter } from '../../../src/memory/meter.ts';
import { Transfer } from '../../../src/memory/transfer.ts';
import { against, interleaved, stopwatch } from '../interleaved.ts';
import type { Native } from '../native.ts';
import type { Found } from '../row.ts';

const ROUNDS = 9;
const SIZES = [
  { pageBytes: 4096, pages: 2, count: 200_000 },
  { pageBytes: 4096, pages: 1 << 15, count: 40_000 },
  { pageBytes: 2 << 20, pages: 2, count: 1000 },
];

function poolOf(pageBytes: number, pages: number): { locations: Locations; transfer: Transfer } {
  const meter = new Meter();
  const lay = (arena: Arena) => new Locations(arena, pages, pageBytes / 4, frameTable, meter);
  const measuring = new Arena(null);
  lay(measuring);
  const locations = lay(new Arena(new SharedArrayBuffer(measuring.bytes)));
  locations.words.fill(1);
  return { locations, transfer: new Transfer(locations, meter) };
}

/** @returns GB/s. The same pairs as in native/limits.c */
function copy({ locations, transfer }: ReturnType<typeof poolOf>, pages: number, count: number): number {
  const half = pages / 2;
  let x = 1;
  const spent = stopwatch();
  for (let i = 0; i < count; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
    const from = (x >>> 8) % half;
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
    const to = half + ((x >>> 8) % half);
    transfer.copy(locations.at(from), locations.at(to));
  }
  return (locations.pageBytes * count) / spent() / 1e9;
}

export async function measure(native: Native): Promise<Found[]> {
  const found: Found[] = [];
  for (const { pageBytes, pages, count } of SIZES) {
    const pool = poolOf(pageBytes, pages);
    const { ours, limit } = await interleaved(ROUNDS, {
      ours: () => copy(pool, pages, count),
      limit: () => native.ask('copy', pageBytes, pages, count),
    });
    found.push(against(ours, limit));
  }
  return found;
}
