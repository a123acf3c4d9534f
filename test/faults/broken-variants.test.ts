// Every defence against a fault taken away, one at a time: the property that is there for it sees it, and with the defence
// in place, under the same plans and orders, nothing is seen.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Served } from '../../src/actors/calls.ts';
import { Host } from '../../src/actors/host.ts';
import { Hypervisor } from '../../src/actors/hypervisor.ts';
import { Retries } from '../../src/actors/retries.ts';
import { Vcpu } from '../../src/actors/vcpu.ts';
import type { Locations } from '../../src/memory/locations.ts';
import { Transfer } from '../../src/memory/transfer.ts';
import type { World } from '../../src/memory/world.ts';
import type { FaultName, FaultPlan } from '../../src/model/faults.ts';
import { protocols } from '../../src/protocols/index.ts';
import { caseNumber, judge } from './faulty-worlds.ts';

const WORLDS = 40;
const SOUND_WORLDS = 12;
/** Steps of a broken run: those that go in circles need not do so for long. */
const SHORT = 60_000;
/** Occasions that are struck. */
const NTHS = [1, 2, 3, 4, 6, 8, 11, 15, 20, 60, 120, 250];

/** Methods by name, also private ones: what a broken variant replaces. */
type Methods = Record<string, (...parameters: never[]) => unknown>;
const spy = (type: { prototype: object }, method: string) => vi.spyOn(type.prototype as Methods, method);

interface Variant {
  what: string;
  /** The property that must see it. */
  property: string;
  faults: readonly FaultName[];
  /** Occasions that are struck, if not the usual ones. */
  nths?: readonly number[];
  breakIt(): void;
}

const variants: Variant[] = [
  {
    what: 'a host that serves a repeated request again',
    property: 'I7-exactly-once',
    faults: ['repeat request', 'lose answer'],
    breakIt: () => spy(Host, 'isNewRequest').mockReturnValue(true),
  },
  {
    what: 'a guest that takes any answer for the one to its last request',
    property: 'I7-exactly-once',
    faults: ['repeat answer', 'delay answer'],
    breakIt: () =>
      spy(Vcpu, 'isAnswered').mockImplementation(function (this: Vcpu) {
        return (this as unknown as { own: Int32Array }).own[0] === this.world.tables.vcpu.state.asking;
      }),
  },
  {
    what: 'a store or node that serves a repeated call again',
    property: 'I5-conservation',
    faults: ['repeat call', 'lose done'],
    // Not so early that nothing is there yet.
    nths: [60, 67, 75, 83, 90, 120, 200],
    breakIt() {
      const { isNew } = Served.prototype;
      spy(Served, 'isNew').mockImplementation(function (this: Served, ...parameters: never[]) {
        isNew.apply(this, parameters as unknown as Parameters<typeof isNew>);
        return true;
      });
    },
  },
  {
    what: 'a hypervisor that counts an acknowledgement twice',
    property: 'I8-shootdown',
    faults: ['repeat flushed', 'delay flush'],
    breakIt: () => spy(Hypervisor, 'isHeardFrom').mockReturnValue(true),
  },
  {
    what: 'a guest and a host that say nothing twice',
    property: 'answered',
    faults: ['lose call', 'lose request', 'lose fault'],
    breakIt: () => spy(Retries, 'isDue').mockReturnValue(false),
  },
  {
    what: 'a read without checksum, as I1 sees it',
    property: 'I1-single-home',
    faults: ['bit flip in flight', 'bit flip at rest'],
    breakIt: takeAnything,
  },
  {
    what: 'a read without checksum, as the guest sees it',
    property: 'I2-read-last-write',
    faults: ['bit flip in flight', 'bit flip at rest'],
    breakIt: takeAnything,
  },
  {
    what: 'a slot without header: the content of another page is taken',
    property: 'I3-isolation',
    faults: ['misdirected write'],
    breakIt: takeAnything,
  },
  {
    what: 'a source freed before the write is verified: short write',
    property: 'I1-single-home',
    faults: ['short write'],
    breakIt: () => spy(Transfer, 'isStored').mockReturnValue(true),
  },
  {
    what: 'a source freed before the write is verified: misdirected write',
    property: 'I1-single-home',
    faults: ['misdirected write'],
    breakIt: () => spy(Transfer, 'isStored').mockReturnValue(true),
  },
  {
    what: 'a restarted hypervisor that exports an empty list',
    property: 'I6-advisory-list',
    faults: ['hypervisor restart'],
    breakIt() {
      const { remember } = Hypervisor.prototype;
      spy(Hypervisor, 'remember').mockImplementation(function (this: Hypervisor, known: never) {
        (known as Parameters<typeof remember>[0]).generation.fill(0);
        return remember.call(this, known);
      });
    },
  },
  {
    what: 'a restarted hypervisor whose list does not say unknown until it is complete',
    property: 'I6-advisory-list',
    faults: ['hypervisor restart'],
    nths: Array.from({ length: 20 }, (_, i) => 60 + 37 * i),
    breakIt() {
      spy(Hypervisor, 'markUnknown').mockImplementation(function (
        this: Hypervisor,
        guest: never,
        entry: never,
      ) {
        const { world, held, heldGeneration } = this as unknown as {
          world: World;
          held: Int32Array[];
          heldGeneration: Int32Array[];
        };
        world.lists[guest]!.write(entry, held[guest]![entry]! - 1, heldGeneration[guest]![entry]!, false);
      });
    },
  },
  {
    what: 'a host that believes what a header says of itself',
    property: 'I3-isolation',
    faults: ['misdirected write'],
    breakIt() {
      const { moveIn } = Transfer.prototype;
      spy(Transfer, 'moveIn').mockImplementation(function (this: Transfer, ...parameters: never[]) {
        const [from, to] = parameters;
        const { locations } = this as unknown as { locations: Locations };
        return moveIn.call(this, from!, to!, locations.gfn[from!]!, locations.generation[from!]!);
      });
    },
  },
];
function takeAnything(): void {
  const { moveIn } = Transfer.prototype;
  spy(Transfer, 'moveIn').mockImplementation(function (this: Transfer, ...parameters: never[]) {
    moveIn.apply(this, parameters as unknown as Parameters<typeof moveIn>);
    return true;
  });
}

/** Which properties saw something, in the worlds of the campaign, until the one that is looked for did. */
function seenUnder(plan: FaultPlan, wanted: string | null, limit?: number): Set<string> {
  const seen = new Set<string>();
  for (
    let world = 0;
    world < (wanted === null ? SOUND_WORLDS : WORLDS) && !(wanted !== null && seen.has(wanted));
    world++
  ) {
    const protocol = protocols[world % 4]!;
    try {
      const faulty = caseNumber(Math.floor(world / 4), world + 1, protocol, plan);
      const { broken } = judge({ ...faulty, ...(limit ? { limit } : {}) });
      for (const message of broken) seen.add(message.slice(0, message.indexOf(':')));
    } catch {
      // Some of what goes wrong trips an assertion of the actors before a property sees it; another world will show it.
      seen.add('an assertion');
    }
  }
  return seen;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(variants)('$what', ({ property, faults, nths = NTHS, breakIt }) => {
  const plan = faults.flatMap((fault) => nths.map((nth) => ({ fault, nth })));

  test(`is seen by ${property}`, () => {
    breakIt();
    expect([...seenUnder(plan, property, SHORT)]).toContain(property);
  });
  test('and with the defence in place nothing is seen', () => {
    expect([...seenUnder(plan, null)]).toEqual([]);
  });
});
