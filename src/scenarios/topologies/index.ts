// Topologies by name or from outside. A built-in is the text that `numactl -H` prints on such a machine and comes in
// through the same parser as a user's file, so nothing is possible for one that is not possible for the other.

import { readFileSync, statSync, type Stats } from 'node:fs';
import type { Topology } from '../../model/topology.ts';
import { didYouMean } from '../../stdx/did-you-mean.ts';
import { InputError } from '../../stdx/input-error.ts';
import amd8nOpteron from './machines/amd-8n-opteron.ts';
import amdEpyc9224 from './machines/amd-epyc9224-2s-nps2-cxl-5n.ts';
import armKunpeng4n from './machines/arm-kunpeng-4n.ts';
import intel2sSkylake from './machines/intel-2s-skylake-2n.ts';
import intel4s96c from './machines/intel-4s-96c.ts';
import { parseNumactl } from './numactl.ts';
import { readSysfs } from './sysfs.ts';

/** A machine's text, and the cost profile that was measured on it, if one was. */
const machines: ReadonlyMap<string, { text: string; profile?: string }> = new Map([
  ['intel-2s-skylake-2n', { text: intel2sSkylake, profile: 'skylake-2s' }],
  ['amd-epyc9224-2s-nps2-cxl-5n', { text: amdEpyc9224, profile: 'epyc9224-cxl' }],
  ['arm-kunpeng-4n', { text: armKunpeng4n }],
  ['amd-8n-opteron', { text: amd8nOpteron }],
  ['intel-4s-96c', { text: intel4s96c }],
]);

/** Names of the built-in topologies, the default one first. */
export const topologyNames: readonly string[] = [...machines.keys()];

/** Names that mean the machine we run on. */
const thisMachine = ['this-machine', 'sysfs'];

/** A text of 64 nodes with 8192 CPUs takes less than a tenth. */
const TEXT_BYTES_MAX = 1 << 20;

/**
 * @param nameOrFile a built-in's name; `this-machine` (or `sysfs`); a copy of the directory /sys/devices/system/node; a
 *   file with `numactl -H` output; or `-` for such output on stdin. Modules (`.ts`, `.js`) are the caller's to import.
 */
export function loadTopology(nameOrFile: string, readStdin: () => string): Topology {
  if (nameOrFile === '-') return parseNumactl(readStdin(), '-');
  if (thisMachine.includes(nameOrFile)) return { ...readSysfs(), name: 'this-machine' };
  const machine = machines.get(nameOrFile);
  if (machine !== undefined) {
    const { text, profile } = machine;
    return { ...parseNumactl(text, nameOrFile), ...(profile === undefined ? {} : { profile }) };
  }

  const stats = statsOf(nameOrFile);
  if (stats === undefined) {
    const guess = didYouMean(nameOrFile, [...topologyNames, ...thisMachine]);
    const hint = guess === undefined ? 'run numactl -H > FILE and give FILE' : `did you mean ${guess}?`;
    const names = [...topologyNames, ...thisMachine].join(', ');
    throw new InputError(
      { file: nameOrFile || '""' },
      'no such topology or file',
      `a file or one of ${names}`,
      hint,
    );
  }
  return stats.isDirectory() ? readSysfs(nameOrFile) : parseNumactl(readText(nameOrFile, stats), nameOrFile);
}

function statsOf(path: string): Stats | undefined {
  // A path with a NUL byte is an error of its own to Node, not a missing file.
  if (path === '' || path.includes('\0')) return undefined;
  return attempt(path, () => statSync(path, { throwIfNoEntry: false }));
}

/** A pipe is fine, as in `--topology <(ssh HOST numactl -H)`; a device could have no end. */
function readText(path: string, stats: Stats): string {
  if ((!stats.isFile() && !stats.isFIFO()) || stats.size > TEXT_BYTES_MAX) {
    const what = stats.isFile() ? `the file has ${stats.size} bytes` : 'this is no plain file';
    throw new InputError(
      { file: path },
      what,
      `text of at most ${TEXT_BYTES_MAX} bytes`,
      'run numactl -H > FILE',
    );
  }
  return attempt(path, () => readFileSync(path, 'utf8'));
}

function attempt<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new InputError({ file: path }, `cannot be read (${code})`, 'a readable file', 'check the path');
  }
}
