// Every way to export and read the moved list, over small worlds in many orders: each claimed property holds, no step
// makes two shared accesses, and the guest's memory is the same whatever the list was like. The list advises; what
// differs is what it costs.
import { describe, expect, test } from 'vitest';
import { finding } from '../../src/model/words.ts';
import { formats, listCase, Looks, memoryOf, protocolOf, runCase } from '../support/list-cases.ts';

/** 96 combinations of access, owner, timing, lag, scope and unmapping; twice, with other worlds and orders. */
const CASES = 192;
const memories = new Map<number, string>();

// shows: claim 9, claim 10, claim 13, step 210, step 215, step 220, step 410, step 415, step 420, step 425, step 430, step 435, step 440, variant (18) one list per guest, variant (18) shared list, variant (18) list owner, variant (22) list format, variant (22),(24) inspect timing, variant (27) list access, race 18
describe.each(formats)('format %s', (format) => {
  const looks = new Looks();

  test(`${CASES} runs of shared and copied lists, of hypervisor and host, on attempt, now and then and on notice, early and late, one each and one for all`, () => {
    for (let index = 0; index < CASES; index++) {
      const at = listCase(format, index);
      const run = runCase(at, [looks]);
      const claims: readonly string[] = protocolOf(at).claims;
      const broken = run.violations.filter(({ property }) => claims.includes(property));
      expect({ at, ending: run.ending, broken }).toEqual({ at, ending: 'at rest', broken: [] });
      expect(run.system.meter.most).toBe(1);
      const memory = memoryOf(run.system);
      memories.set(index, memories.get(index) ?? memory);
      expect(memory, `case ${index}`).toBe(memories.get(index));
    }
  });

  test('pages were found resident, listed and unknown, in place and in copies', () => {
    for (const found of [finding.resident, finding.listed, finding.unknown]) {
      expect(looks.findings[found]).toBeGreaterThan(0);
    }
    expect(looks.copies).toBeGreaterThan(CASES);
    expect(looks.versions).toBeGreaterThan(CASES);
    expect(looks.requests).toBeGreaterThan(CASES / 4);
  });
});
