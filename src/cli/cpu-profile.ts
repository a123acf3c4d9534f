// `--profile`: where the time of this process goes, as a .cpuprofile that Chrome's devtools and VS Code open. It covers the
// thread that asks, which therefore does itself what a pool would do.
import { Session } from 'node:inspector/promises';
import { quote } from '../scenarios/quote.ts';
import { refuse } from './options.ts';
import { exit } from './exit.ts';
import { attempted, note, refuseUnwritable, writeWhole } from './output.ts';

const EXTENSION = '.cpuprofile';

/** `--profile` names a cost profile or, with this ending, where to write how the time was spent; each may be given once. */
export function profilesIn(given: readonly string[]): { profile?: string; cpuProfile?: string } {
  const cpu = given.filter((value) => value.endsWith(EXTENSION));
  const costs = given.filter((value) => !value.endsWith(EXTENSION));
  for (const values of [cpu, costs])
    if (values.length > 1) refuse('--profile', quote(values[1]), 'one of a kind', 'drop the second');
  const [profile] = costs;
  const [cpuProfile] = cpu;
  return {
    ...(profile === undefined ? {} : { profile }),
    ...(cpuProfile === undefined ? {} : { cpuProfile }),
  };
}

/** Where it can only be the latter. */
export function cpuProfileIn(given: string | undefined): string | undefined {
  if (given === undefined || given.endsWith(EXTENSION)) return given;
  return refuse('--profile', quote(given), `a file that ends in ${EXTENSION}`, 'or --profile alone');
}

/**
 * @param file undefined: the work is done and nobody looks. Nothing is written of work that was refused.
 * @param work to an exit status, which a profile that cannot be written does not hide
 */
export async function profiled(file: string | undefined, work: () => Promise<number>): Promise<number> {
  if (file === undefined) return work();
  refuseUnwritable(file);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  try {
    const status = await work();
    const { profile } = await session.post('Profiler.stop');
    const isWritten = await attempted(() => writeWhole(file, JSON.stringify(profile)));
    if (isWritten) note(`profile: ${file}`);
    return isWritten || status !== exit.ok ? status : exit.output;
  } finally {
    session.disconnect();
  }
}
