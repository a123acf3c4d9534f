// The messages that wait for an actor, as a value: all of its rings, in order of ring and age. Number 0 is the empty queue.
import { Memo, type Records } from '../../runtime/check/interner.ts';
import { MESSAGE_WORDS } from './steps.ts';

export class Queues {
  private readonly records: Records;
  private readonly headMemo = new Memo();
  private readonly pushMemo = new Memo();
  /** Behind each count: message and the queue without it, in turns. */
  readonly heads: number[] = [0];

  constructor(records: Records) {
    this.records = records;
  }
  private intern(words: readonly number[]): number {
    return words.length === 0 ? 0 : this.records.intern(Int32Array.from(words), 0, words.length);
  }
  /** What can be taken out: the oldest message of each ring. @returns where in `heads` it is listed */
  headsOf(queue: number): number {
    const known = this.headMemo.get(queue, 0);
    if (known !== 0) return known;
    const words = [...this.records.data.subarray(queue, queue + this.records.lengthOf(queue))];
    const found: number[] = [];
    let ring = -1;
    for (let i = 0; i < words.length; i += MESSAGE_WORDS) {
      if (words[i] === ring) continue;
      ring = words[i]!;
      const sent = this.intern([...words.slice(i, i + MESSAGE_WORDS), 0]);
      found.push(sent, this.intern(words.toSpliced(i, MESSAGE_WORDS)));
    }
    const at = this.heads.length;
    this.heads.push(found.length / 2, ...found);
    this.headMemo.set(queue, 0, at);
    return at;
  }
  /** The queue after some messages have come. */
  pushed(queue: number, messages: number): number {
    const known = this.pushMemo.get(queue, messages);
    if (known !== 0) return known;
    const { data } = this.records;
    const all: number[][] = [];
    for (const record of [queue, messages]) {
      if (record === 0) continue;
      const end = record + this.records.lengthOf(record);
      for (let at = record; at < end; at += MESSAGE_WORDS)
        all.push([...data.subarray(at, at + MESSAGE_WORDS)]);
    }
    // Sorting keeps the order within a ring.
    const number = this.intern(all.sort((a, b) => a[0]! - b[0]!).flat());
    this.pushMemo.set(queue, messages, number);
    return number;
  }
  /** The queue without the first of a ring's messages. */
  without(queue: number, sent: number): number {
    const { heads } = this;
    const at = this.headsOf(queue);
    const { data } = this.records;
    for (let i = at + 1; i < at + 1 + 2 * heads[at]!; i += 2)
      if (data[heads[i]!] === data[sent]) return heads[i + 1]!;
    throw new Error('a message was taken that does not wait');
  }
}
