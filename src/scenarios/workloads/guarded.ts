// A user's workload with every operation of its scripts looked at before a vCPU executes it: a slip in a module is then one
// line that names the module, and not a broken simulator. The shipped workloads have tests for this instead.
import {
  argumentOf,
  commandIn,
  commandKinds,
  operation,
  operationOf,
  OPERATION_WORDS,
} from '../../model/script.ts';
import type { GuestShape, ScriptSource, Workload } from '../../model/script.ts';
import { sourceAt, typesAt } from '../../stdx/checkout.ts';
import { InputError } from '../../stdx/input-error.ts';
import { attempt, refusalOf, type Told } from '../thrown.ts';
import { PAGES_MAX, type WorkloadFactory } from './workload.ts';

const SEE = `see ${sourceAt('src/scenarios/workloads/uniform.ts')}`;

const TOLD: Told = { expected: 'a workload', hint: SEE };

/** @param file of the module, for messages */
export function guarded(factory: WorkloadFactory, file: string): WorkloadFactory {
  return {
    ...factory,
    create: (shape, parameters) =>
      attempt(file, 'create()', TOLD, () => {
        const workload = factory.create(shape, parameters);
        // Looked at once: what has getters may answer otherwise later.
        const { name, sentence = '', pages, pagesPerVcpu, open } = (workload ?? {}) as Partial<Workload>;
        if (
          !Number.isSafeInteger(pages) ||
          pages! < 1 ||
          pages! > PAGES_MAX ||
          typeof open !== 'function' ||
          typeof name !== 'string'
        ) {
          const expected = `name, pages, 1 to ${PAGES_MAX}, and open(seed)`;
          throw new InputError({ file }, 'create() gave no workload', expected, SEE);
        }
        return {
          name,
          sentence,
          pages: pages!,
          ...(pagesPerVcpu !== undefined && { pagesPerVcpu }),
          open: (seed, guest) => new Guarded(() => workload.open(seed, guest), pages!, shape, file),
        };
      }),
  };
}

class Guarded implements ScriptSource {
  private readonly source: ScriptSource;
  private readonly pages: number;
  private readonly shape: GuestShape;
  private readonly file: string;

  constructor(open: () => ScriptSource, pages: number, shape: GuestShape, file: string) {
    this.pages = pages;
    this.shape = shape;
    this.file = file;
    this.source = attempt(file, 'open()', TOLD, () => {
      const source = open() as Partial<ScriptSource> | undefined;
      if (typeof source?.read === 'function') return source as ScriptSource;
      throw new InputError({ file }, 'open() gave no scripts', 'an object with read(vcpu, out)', SEE);
    });
  }
  read(vcpu: number, out: Int32Array): number | Promise<number> {
    const { file } = this;
    return attempt(file, 'read()', TOLD, () => {
      const count = this.source.read(vcpu, out);
      if (!(count instanceof Promise)) return this.checked(vcpu, count, out);
      return count.then(
        (later) => this.checked(vcpu, later, out),
        (error: unknown) => {
          throw refusalOf(error, file, 'read() threw', TOLD);
        },
      );
    });
  }
  async close(): Promise<void> {
    try {
      await this.source.close?.();
    } catch (error) {
      throw refusalOf(error, this.file, 'close() threw', TOLD);
    }
  }

  private checked(vcpu: number, count: number, out: Int32Array): number {
    const room = Math.floor(out.length / OPERATION_WORDS);
    if (!Number.isSafeInteger(count) || count < 0 || count > room) {
      this.refuse(vcpu, `read() gave ${String(count)}`, `how many operations were written, 0 to ${room}`);
    }
    for (let at = 0; at < count * OPERATION_WORDS; at += OPERATION_WORDS)
      this.check(vcpu, out[at]!, out[at + 1]!);
    return count;
  }
  private check(vcpu: number, word: number, gvpn: number): void {
    const { pages } = this;
    const { vcpuVnodes, vnodes, pageWords } = this.shape;
    const argument = argumentOf(word);
    switch (operationOf(word)) {
      case operation.read:
      case operation.write:
        if (gvpn < 0 || gvpn >= pages) this.refuse(vcpu, `page ${gvpn}`, `0 to ${pages - 1}`);
        if (argument >= pageWords) this.refuse(vcpu, `word ${argument}`, `0 to ${pageWords - 1}`);
        return;
      case operation.handover:
        if (argument >= vcpuVnodes.length || argument === vcpu) {
          this.refuse(vcpu, `a handover to vCPU ${argument}`, `another of 0 to ${vcpuVnodes.length - 1}`);
        }
        return;
      case operation.await:
        return;
      case operation.bulkMove: {
        const vnode = argument % 64;
        const count = Math.floor(argument / 64);
        if (vnode >= vnodes) this.refuse(vcpu, `a bulk move to vNode ${vnode}`, `0 to ${vnodes - 1}`);
        if (gvpn < 0 || gvpn + count > pages)
          this.refuse(vcpu, `a bulk move of pages ${gvpn} and on`, `0 to ${pages - 1}`);
        return;
      }
      case operation.command:
        if (commandIn(argument) >= commandKinds.length)
          this.refuse(vcpu, `command ${commandIn(argument)}`, `0 to ${commandKinds.length - 1}`);
        if (gvpn < 0 || gvpn >= pages) this.refuse(vcpu, `page ${gvpn}`, `0 to ${pages - 1}`);
        return;
      default:
        this.refuse(vcpu, `operation ${operationOf(word)}`, '0 to 5');
    }
  }
  private refuse(vcpu: number, what: string, expected: string): never {
    throw new InputError(
      { file: this.file },
      `the script of vCPU ${vcpu} names ${what}`,
      expected,
      `see ${typesAt('src/model/script.ts')}`,
    );
  }
}
