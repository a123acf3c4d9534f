// The worst guest that is still honest: vCPUs of different vNodes fight over few pages. Not a picture of any program; it
// makes races likely: stale list entries, faults against requests, writes during writeback, reverse decisions.
//
// All vCPUs attack the same `focusPages` pages for `dwell` operations, then the next ones. The others turn idle
// meanwhile, so that the host moves them out, and when the focus comes back to them they are wanted at once by
// everybody, by faults and by bulk moves to different vNodes.

import { BULK_VNODES, encode, operation } from '../../model/script.ts';
import { present } from '../../stdx/assert.ts';
import {
  BULK_PAGES_MAX,
  firstElsewhere,
  refuseUnless,
  scripts,
  sharedStream,
  stream,
  withDefaults,
  type Stretch,
  type WorkloadFactory,
} from './workload.ts';

const name = 'adversary';
const defaults = {
  pages: 32,
  /** Pages fought over at a time. */
  focusPages: 4,
  /** Operations of each vCPU before the focus moves on. */
  dwell: 200,
  /** Operations per vCPU, bulk moves included. */
  accesses: 10_000,
  writePercent: 50,
  /** Operations that are bulk moves instead. */
  bulkPermille: 20,
};

const factory: WorkloadFactory<keyof typeof defaults> = {
  name,
  sentence:
    'vCPUs of different vNodes fight over few pages with writes and bulk moves, to make races likely.',
  defaults,
  create(shape, given = {}) {
    const parameters = withDefaults(name, defaults, given);
    const { pages, focusPages, dwell, writePercent, bulkPermille } = parameters;
    refuseUnless(
      focusPages <= pages,
      name,
      `focusPages is ${focusPages}`,
      `${pages} (pages) at most`,
      'lower focusPages or raise pages',
    );
    refuseUnless(
      pages <= BULK_PAGES_MAX || !(parameters.bulkPermille > 0),
      name,
      `pages is ${pages} with bulk moves`,
      `${BULK_PAGES_MAX} at most`,
      'lower pages, or move none in bulk',
    );
    refuseUnless(
      firstElsewhere(shape) > 0,
      name,
      'all vCPUs are on one vNode',
      'vCPUs on two vNodes or more, to fight',
      'give the guest vCPUs on another vNode',
    );

    function* script(vcpu: number, seed: number): Generator<Stretch, void> {
      const prng = stream(seed, vcpu);
      const vnode = present(shape.vcpuVnodes[vcpu], 'vNode of a vCPU');
      for (let epoch = 0, left = parameters.accesses; left > 0; epoch++, left -= dwell) {
        // The same for all vCPUs, whoever gets there first.
        const first = sharedStream(seed, epoch).below(pages - focusPages + 1);
        yield {
          count: Math.min(dwell, left),
          put(index, out, at) {
            // Each epoch begins with a bulk move: the pages are idle, hence listed, only until the first touch.
            const page = prng.below(focusPages);
            if ((index === 0 && bulkPermille > 0) || prng.chance(bulkPermille, 1000)) {
              const length = index === 0 ? focusPages - page : 1 + prng.below(focusPages - page);
              out[at] = encode(operation.bulkMove, vnode + BULK_VNODES * length);
            } else {
              const code = prng.chance(writePercent, 100) ? operation.write : operation.read;
              out[at] = encode(code, prng.below(shape.pageWords));
            }
            out[at + 1] = first + page;
          },
        };
      }
    }

    return {
      name,
      sentence: factory.sentence,
      pages,
      open: (seed) => scripts(shape.vcpuVnodes.length, (vcpu) => script(vcpu, seed)),
    };
  },
};

export default factory;
