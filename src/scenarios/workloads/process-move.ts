// The patent's case: a task leaves most of its pages idle, the host moves those out, then the guest's scheduler moves the
// task to another vNode and it wants all of them again. `bulk: 1` adds what an administrator or a daemon would do after
// the move, `migratepages` of the whole task, instead of leaving the pages to hint faults.

import { BULK_VNODES, operation } from '../../model/script.ts';
import { present } from '../../stdx/assert.ts';
import type { Prng } from '../../stdx/prng.ts';
import {
  accesses,
  BULK_PAGES_MAX,
  firstElsewhere,
  once,
  refuseUnless,
  scripts,
  stream,
  withDefaults,
  type Stretch,
  type WorkloadFactory,
} from './workload.ts';

const name = 'process-move';
const defaults = {
  pages: 512,
  /** Pages that it works on between two moves. */
  hotPages: 32,
  /** Accesses to hot pages between two moves: long enough for the rest to turn idle. */
  accesses: 20_000,
  writePercent: 30,
  /** Moves; the task goes back and forth between two vCPUs. */
  rounds: 2,
  /** 1: after each move the new vCPU first asks for all pages to be moved to its vNode. */
  bulk: 0,
};

const factory: WorkloadFactory<keyof typeof defaults> = {
  name,
  sentence: 'A task whose pages have turned idle is moved to another vNode and touches them all again.',
  defaults,
  create(shape, given = {}) {
    const parameters = withDefaults(name, defaults, given);
    const { pages, hotPages, writePercent, rounds, bulk } = parameters;
    refuseUnless(
      hotPages <= pages,
      name,
      `hotPages is ${hotPages}`,
      `${pages} (pages) at most`,
      'lower hotPages or raise pages',
    );
    refuseUnless(
      pages <= BULK_PAGES_MAX || !(bulk === 1),
      name,
      `pages is ${pages} with bulk moves`,
      `${BULK_PAGES_MAX} at most`,
      'lower pages, or move none in bulk',
    );
    const away = firstElsewhere(shape);
    refuseUnless(
      away > 0,
      name,
      'all vCPUs are on one vNode',
      'vCPUs on two vNodes or more, to move between',
      'give the guest vCPUs on another vNode',
    );

    /** All stays of the task at one vCPU: 0, 2, 4, ... at vCPU 0, and the odd ones away. */
    function* script(vcpu: number, prng: Prng): Generator<Stretch, void> {
      if (vcpu !== 0 && vcpu !== away) return;
      const other = vcpu === 0 ? away : 0;
      const vnode = present(shape.vcpuVnodes[vcpu], 'vNode of a vCPU');
      for (let stay = vcpu === 0 ? 0 : 1; stay <= rounds; stay += 2) {
        if (stay > 0) yield once(operation.await, 0);
        if (stay > 0 && bulk === 1) yield once(operation.bulkMove, vnode + BULK_VNODES * pages);
        yield accesses(pages, prng, stay === 0 ? 100 : writePercent, shape.pageWords, (index) => index);
        yield accesses(parameters.accesses, prng, writePercent, shape.pageWords, () => prng.below(hotPages));
        if (stay < rounds) yield once(operation.handover, other);
      }
    }

    return {
      name,
      sentence: factory.sentence,
      pages,
      open: (seed) => scripts(shape.vcpuVnodes.length, (vcpu) => script(vcpu, stream(seed, vcpu))),
    };
  },
};

export default factory;
