// All vCPUs access one set of pages, every page alike: no locality to find, so balancing can only cost. A control.

import { accesses, scripts, stream, withDefaults, type Stretch, type WorkloadFactory } from './workload.ts';

const name = 'uniform';
const defaults = {
  pages: 512,
  /** Per vCPU. */
  accesses: 20_000,
  writePercent: 30,
};

const factory: WorkloadFactory<keyof typeof defaults> = {
  name,
  sentence: 'All vCPUs access all pages alike: there is no locality for balancing to find.',
  defaults,
  create(shape, given = {}) {
    const parameters = withDefaults(name, defaults, given);
    const { pages, writePercent } = parameters;

    function* script(vcpu: number, seed: number): Generator<Stretch, void> {
      const prng = stream(seed, vcpu);
      yield accesses(parameters.accesses, prng, writePercent, shape.pageWords, () => prng.below(pages));
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
