// Paragraph 30: what stores keep is encrypted, with a key of the slot's own or one bound to guest, Gfn, generation and slot.
// A page whose entry moves to another Gfn is keyed anew; a slot read under another key is an EIO, and never wrong bytes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { frameTable } from '../../machines/index.ts';
import { Arena } from '../../src/memory/arena.ts';
import { PageCipher } from '../../src/memory/encryption.ts';
import { Locations } from '../../src/memory/locations.ts';
import { Meter } from '../../src/memory/meter.ts';
import { Transfer } from '../../src/memory/transfer.ts';
import { event } from '../../src/model/events.ts';
import { Geometry } from '../../src/model/geometry.ts';
import type { Encryption } from '../../src/model/spec.ts';
import { result } from '../../src/model/words.ts';
import { type Protocol, protocols, type Step } from '../../src/protocols/index.ts';
import { loadProtocol } from '../../src/scenarios/modules.ts';
import { smallWorld } from '../support/small-world.ts';
import { tell } from './story.ts';

const named = (name: string) => protocols.find((protocol) => protocol.name === name)!;

/** The bytes alone: frames 1 .. 8, slots after them. */
function bytes(encryption: Encryption) {
  const spec = smallWorld({ encryption, pageWords: 8, pages: 2 });
  const geometry = new Geometry(spec);
  const lay = (arena: Arena) =>
    new Locations(arena, geometry.frames + geometry.slots, spec.pageWords, frameTable, new Meter());
  const measuring = new Arena(null);
  lay(measuring);
  const locations = lay(new Arena(new ArrayBuffer(measuring.bytes)));
  const transfer = new Transfer(locations, new Meter(), new PageCipher(geometry));
  const page = (location: number) => locations.words.subarray((location + 1) * 8, (location + 2) * 8);
  const slot = geometry.frames + 1;
  page(1).set([1, 2, 3, 4, 5, 6, 7, 8]);
  return { transfer, page, slot, plain: [1, 2, 3, 4, 5, 6, 7, 8] };
}

describe('bytes', () => {
  // shows: variant (30) encryption
  test.each(['slot', 'gfn'] as const)(
    '%s: the slot shows nothing of the page, and gives it back',
    (encryption) => {
      const { transfer, page, slot, plain } = bytes(encryption);
      transfer.moveOut(1, slot, 0, 5);
      expect(page(slot).filter((word, i) => word === plain[i])).toHaveLength(0);
      expect(transfer.moveIn(slot, 2, 0, 5)).toBe(true);
      expect([...page(2)]).toEqual(plain);
      expect([...transfer.contentAt(slot)]).toEqual(plain);
      // The same page in another slot looks different: the slot is part of both keys.
      transfer.moveOut(1, slot + 1, 0, 5);
      expect([...page(slot + 1)]).not.toEqual([...page(slot)]);
      expect(transfer.isPlain(1, slot)).toBe(false);
    },
  );

  // shows: variant (30) encryption
  test('gfn: under another Gfn or generation the slot does not open, and nothing readable has arrived', () => {
    const { transfer, page, slot, plain } = bytes('gfn');
    transfer.moveOut(1, slot, 0, 5);
    for (const [gfn, generation] of [
      [1, 5],
      [0, 6],
    ] as const) {
      expect(transfer.moveIn(slot, 2, gfn, generation)).toBe(false);
      expect([...page(2)].filter((word) => plain.includes(word))).toEqual([]);
    }
    expect(transfer.rekey(slot, 1, 9)).toBe(true);
    expect(transfer.moveIn(slot, 2, 0, 5)).toBe(false);
  });

  // shows: variant (30) encryption
  test('a changed slot does not open, and is not keyed anew', () => {
    for (const encryption of ['slot', 'gfn'] as const) {
      const { transfer, page, slot } = bytes(encryption);
      transfer.moveOut(1, slot, 0, 5);
      page(slot)[3]! ^= 1;
      expect(transfer.moveIn(slot, 2, 0, 5)).toBe(false);
      expect(transfer.rekey(slot, 1, 6)).toBe(false);
    }
  });

  test('written to another slot than the store was told, or only half, it is not to be seen there either', () => {
    for (const encryption of ['slot', 'gfn'] as const) {
      const { transfer, page, slot, plain } = bytes(encryption);
      for (const harm of [{ at: slot + 1 }, { isShort: true }]) {
        expect(transfer.moveOut(1, slot, 0, 5, harm)).toBe(false);
        for (const at of [slot, slot + 1])
          expect([...page(at)].filter((word) => plain.includes(word))).toEqual([]);
        expect(transfer.moveIn(slot + 1, 2, 0, 5)).toBe(false);
      }
    }
  });

  test('moved on to another slot it is sealed for that one', () => {
    const { transfer, page, slot, plain } = bytes('gfn');
    transfer.moveOut(1, slot, 0, 5);
    expect(transfer.moveOn(slot, slot + 1, 0, 5)).toBe(true);
    expect([...page(slot + 1)]).not.toEqual(plain);
    expect(transfer.moveIn(slot + 1, 2, 0, 5)).toBe(true);
    expect([...page(2)]).toEqual(plain);
  });
});

const script = [['write 0', 'pageout 0', 'move 0 to 1', 'read 0', 'write 0.1'], []];
const calm = { hintPages: 0, prefetch: 0, frames: 8 };

describe('protocols', () => {
  // shows: variant (30) encryption
  test('only a map, and only with keys bound to the Gfn, seals a slot anew; the read then comes through', () => {
    const sealed = (protocol: Protocol, encryption: Encryption) => {
      const told = tell({ ...calm, encryption }, protocol, script);
      expect(told.broken).toEqual([]);
      expect(told.of(event.machineCheck)).toEqual([]);
      return told.of(event.sealed).length;
    };
    expect(protocols.map((protocol) => sealed(protocol, 'none'))).toEqual([0, 0, 0, 0]);
    expect(protocols.map((protocol) => sealed(protocol, 'slot'))).toEqual([1, 1, 1, 1]);
    expect(protocols.map(({ name }) => [name, sealed(named(name), 'gfn')])).toEqual([
      ['conventional', 1],
      ['copyless-map', 2],
      ['copyless-migrate', 1],
      ['copyless-map-then-migrate', 2],
    ]);
  });

  // shows: variant (30) encryption
  test.each(['copyless-map', 'copyless-map-then-migrate'])(
    '%s without keying anew: EIO and a machine check, and I11 names the slot',
    (name) => {
      const whole = named(name);
      const broken: Protocol = {
        ...whole,
        name: 'broken',
        plan(request, page, host) {
          const plan = whole.plan(request, page, host);
          return typeof plan === 'string' ? plan : plan.filter((step: Step) => step !== 'rekey');
        },
      };
      const told = tell({ ...calm, encryption: 'gfn' }, broken, script);
      const found = told.violations.find(({ property }) => property === 'I11-sealed-slots');
      expect(found?.message).toMatch(/sealed under another name|does not open/);
      // Read once, and three times again.
      expect(told.of(event.opened, (e) => e.result === result.EIO)).toHaveLength(4);
      expect(
        told.of(event.machineCheck).length + told.of(event.answered, (e) => e.result === result.EIO).length,
      ).toBeGreaterThan(0);
      // What was never right was never read.
      expect(told.violations.map(({ property }) => property)).not.toContain('I3-isolation');
      // With keys of the slot's own the same protocol has nothing to do anew.
      expect(
        tell({ ...calm, encryption: 'slot' }, broken, script).violations.filter(
          ({ property }) => property === 'I11-sealed-slots',
        ),
      ).toEqual([]);
    },
  );
});

describe("a protocol of one's own", () => {
  const view = { destinationBacked: false, destinationRoom: 4, keysNamePages: true };
  const load = async (name: string, plan: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'copyless-'));
    try {
      const file = join(folder, `${name}.mjs`);
      writeFileSync(
        file,
        `export default { name: '${name}', sentence: 's', guestAsks: 'map', plan: ${plan} };\n`,
      );
      return await loadProtocol(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const rekeys =
    "(_, { at }, { destinationBacked, keysNamePages }) => ['accept', ...(destinationBacked ? ['vacate'] : []), 'unmap', 'remap', ...(keysNamePages && at === 'slot' ? ['rekey'] : []), 'retire', 'export']";

  test('may key a slot anew where keys name pages', async () => {
    const protocol = await load('rekeys', rekeys);
    expect(protocol.plan({ kind: 'map' }, { at: 'slot' }, view)).toContain('rekey');
    expect(protocol.plan({ kind: 'map' }, { at: 'far frame' }, view)).not.toContain('rekey');
  });

  test('that knows nothing of keys serves where there are none, and is refused where a slot would not open', async () => {
    const protocol = await load('forgets', rekeys.replace('keysNamePages &&', 'false &&'));
    expect(protocol.plan({ kind: 'map' }, { at: 'slot' }, { ...view, keysNamePages: false })).toContain(
      'remap',
    );
    expect(() => protocol.plan({ kind: 'map' }, { at: 'slot' }, view)).toThrow(
      /with keys that name pages, lacks the step rekey: the slot would open under the old name only/,
    );
  });
});
