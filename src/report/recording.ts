// Scripts for shrinking: one that is written down while a workload gives it, and one that is there at once.
import { operation, OPERATION_WORDS, operationOf, type ScriptSource } from '../model/script.ts';
import type { Candidate, Op } from './candidate.ts';

/** A workload's source that remembers what it gave. */
export class Recording implements ScriptSource {
  private readonly source: ScriptSource;
  private readonly given: Op[][] = [];

  constructor(source: ScriptSource) {
    this.source = source;
  }
  read(vcpu: number, out: Int32Array): number | Promise<number> {
    const keep = (operations: number) => {
      const list = (this.given[vcpu] ??= []);
      for (let i = 0; i < operations * OPERATION_WORDS; i += OPERATION_WORDS)
        list.push({ word: out[i]!, gvpn: out[i + 1]! });
      return operations;
    };
    const operations = this.source.read(vcpu, out);
    return typeof operations === 'number' ? keep(operations) : operations.then(keep);
  }
  async close(): Promise<void> {
    await this.source.close?.();
  }
  /** What a vCPU had begun when it had made `accesses`: up to the access under way. */
  upTo(vcpu: number, accesses: number): Op[] {
    const list = this.given[vcpu] ?? [];
    let made = 0;
    const end = list.findIndex(
      ({ word }) =>
        (operationOf(word) === operation.read || operationOf(word) === operation.write) &&
        made++ === accesses,
    );
    return end < 0 ? list : list.slice(0, end + 1);
  }
}

/** Scripts that are there at once. */
export class Written implements ScriptSource {
  private readonly lists: Candidate['ops'];
  private readonly positions: number[];

  constructor(lists: Candidate['ops']) {
    this.lists = lists;
    this.positions = lists.map(() => 0);
  }
  read(vcpu: number, out: Int32Array): number {
    const from = this.positions[vcpu]!;
    const next = this.lists[vcpu]!.slice(from, from + Math.floor(out.length / OPERATION_WORDS));
    next.forEach(({ word, gvpn }, i) => out.set([word, gvpn], i * OPERATION_WORDS));
    this.positions[vcpu] = from + next.length;
    return next.length;
  }
}
