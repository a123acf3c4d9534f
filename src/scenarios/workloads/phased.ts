// Each vCPU works on a region of its own, and by phases the regions go round: what was local is remote in the next phase,
// all at once and with nobody sharing. Balancing is right to move everything, once per phase.

import {
  accesses,
  refuseUnless,
  scripts,
  stream,
  withDefaults,
  type Stretch,
  type WorkloadFactory,
} from './workload.ts';

const name = 'phased';
const defaults = {
  /** Of all regions together. */
  pages: 512,
  /** Per vCPU, over all phases. */
  accesses: 40_000,
  writePercent: 50,
  phases: 4,
};

const factory: WorkloadFactory<keyof typeof defaults> = {
  name,
  sentence:
    'Each vCPU works on its own region of pages, and the regions go round between the vCPUs by phases.',
  defaults,
  create(shape, given = {}) {
    const parameters = withDefaults(name, defaults, given);
    const { pages, writePercent, phases } = parameters;
    const vcpus = shape.vcpuVnodes.length;
    refuseUnless(
      pages >= vcpus,
      name,
      `pages is ${pages}`,
      `${vcpus} or more, a region for each vCPU`,
      'raise pages',
    );

    function* script(vcpu: number, seed: number): Generator<Stretch, void> {
      const prng = stream(seed, vcpu);
      for (let phase = 0; phase < phases; phase++) {
        const region = (vcpu + phase) % vcpus;
        const first = share(pages, region, vcpus);
        const size = share(pages, region + 1, vcpus) - first;
        const count =
          share(parameters.accesses, phase + 1, phases) - share(parameters.accesses, phase, phases);
        yield accesses(count, prng, writePercent, shape.pageWords, () => first + prng.below(size));
      }
    }

    return {
      name,
      sentence: factory.sentence,
      pages,
      open: (seed) => scripts(vcpus, (vcpu) => script(vcpu, seed)),
    };
  },
};

export default factory;

/** Where part `part` of `parts` begins when `whole` is cut as evenly as whole numbers allow. */
function share(whole: number, part: number, parts: number): number {
  return Math.floor((whole * part) / parts);
}
