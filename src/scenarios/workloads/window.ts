// A process with much memory of which it wants little at a time: each vCPU writes every page of its region once, and then
// works in windows, one after the other, at places that chance has chosen. In the second half the regions go round, so that
// what it comes back to is on another vNode, and for a part of it moved out long ago.

import { accesses, refuseUnless, scripts, stream, withDefaults, type Stretch, type WorkloadFactory } from './workload.ts'; // prettier-ignore

const name = 'window';
const defaults = {
  /** Of all regions together. */
  pages: 2048,
  /** Pages of a window. */
  hotPages: 64,
  /** Per vCPU, beside the first write to each page. */
  accesses: 40_000,
  writePercent: 30,
  /** Windows of a vCPU. */
  phases: 16,
};

const factory: WorkloadFactory<keyof typeof defaults> = {
  name,
  sentence:
    'Each vCPU fills its region and then works in one small window after another; half-way the regions go round.',
  defaults,
  create(shape, given = {}) {
    const parameters = withDefaults(name, defaults, given);
    const { pages, hotPages, writePercent, phases } = parameters;
    const vcpus = shape.vcpuVnodes.length;
    const region = Math.floor(pages / vcpus);
    refuseUnless(region >= hotPages, name, `hotPages is ${hotPages}`, `at most ${region}, a vCPU's region`, 'raise pages'); // prettier-ignore

    function* script(vcpu: number, seed: number): Generator<Stretch, void> {
      const prng = stream(seed, vcpu);
      yield accesses(region, prng, 100, shape.pageWords, (index) => vcpu * region + index);
      for (let phase = 0; phase < phases; phase++) {
        const at = (vcpu + Math.floor((2 * phase) / phases)) % vcpus;
        const first = at * region + prng.below(region - hotPages + 1);
        const count =
          Math.floor((parameters.accesses * (phase + 1)) / phases) -
          Math.floor((parameters.accesses * phase) / phases);
        yield accesses(count, prng, writePercent, shape.pageWords, () => first + prng.below(hotPages));
      }
    }

    return {
      name,
      sentence: factory.sentence,
      pages,
      pagesPerVcpu: region,
      open: (seed) => scripts(vcpus, (vcpu) => script(vcpu, seed)),
    };
  },
};

export default factory;
