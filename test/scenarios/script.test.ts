// Scripts written out in words: what they mean, and what they refuse.
import { describe, expect, test } from 'vitest';
import { operation } from '../../src/model/script.ts';
import { event, type TraceEvent } from '../../src/model/events.ts';
import { result } from '../../src/model/words.ts';
import { protocols } from '../../src/protocols/index.ts';
import { parseOperation, scriptWorkload } from '../../src/scenarios/workloads/script.ts';
import { explore, shapeOf, smallWorld } from '../support/small-world.ts';

describe('scripts', () => {
  test('an operation in words is one operation', () => {
    expect(parseOperation('write 3.1')).toEqual({ word: operation.write | (1 << 3), gvpn: 3, end: 4 });
    expect(parseOperation('move 0..2 to 1')).toEqual({
      word: operation.bulkMove | ((1 + 64 * 3) << 3),
      gvpn: 0,
      end: 3,
    });
    for (const text of ['write', 'write -1', 'move 3..1 to 0', 'move 0 to 64', 'fly 3', 'read 1.'])
      expect(parseOperation(text), text).toBeUndefined();
  });

  test('a list for each vCPU of one guest or of all guests, no handover to oneself', () => {
    const shape = shapeOf(smallWorld());
    expect(() => scriptWorkload([['write 0']], shape)).toThrow(/one for each of a guest's 2 vCPUs/);
    expect(() => scriptWorkload([['handover 0'], []], shape)).toThrow(/another of the guest's vCPUs/);
    expect(() => scriptWorkload([['move 0 to 2'], []], shape)).toThrow(/a vNode from 0 to 1/);
    expect(scriptWorkload([['write 0'], ['read 4']], shape).pages).toBe(5);

    const refused = (...script: string[]) => expect(() => scriptWorkload([script, []], shape));
    refused('write 0', 'await').toThrow(
      /vCPU 0 waits in an await that no handover ends, expected a handover 0 /,
    );
    refused(`read 0.${shape.pageWords}`).toThrow(/a word of the page, 0 to/);
  });

  test('640,000 operations of 64 vCPUs are read', () => {
    const shape = { ...shapeOf(smallWorld()), vcpuVnodes: Array<number>(64).fill(0) };
    const list = Array<string>(10_000).fill('read 8');
    expect(scriptWorkload(Array<string[]>(64).fill(list), shape).pages).toBe(9);
  });

  // shows: claim 4, step 475
  test('pageout moves a page out, and a later move takes it straight to its destination', () => {
    for (const protocol of protocols) {
      const seen: TraceEvent[] = [];
      const done = explore(
        smallWorld({ hintPages: 0 }),
        protocol,
        (shape) =>
          scriptWorkload(
            [
              ['write 0', 'pageout 0', 'pageout 0', 'handover 1'],
              ['await', 'move 0 to 1', 'read 0'],
            ],
            shape,
          ),
        { kind: 'timed' },
        {
          observing: [
            {
              on: {
                commanded: (e) => void seen.push({ ...e }),
                answered: (e) => void seen.push({ ...e }),
              },
            },
          ],
        },
      );
      expect(done.violations.filter(({ property }) => protocol.claims.includes(property as never))).toEqual(
        [],
      );
      const results = (kind: number) => seen.filter((e) => e.kind === kind).map((e) => e.result);
      expect(results(event.commanded)).toEqual([result.OK, result.ALREADY]);
      expect(results(event.answered)).toEqual(protocol.guestAsks === 'nothing' ? [] : [result.OK]);
    }
  });
});
