// Every defence against a fault taken away, one at a time: the property that is there for it sees it, and with the defence
// in place, under the same plans and orders, nothing is seen.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Served } from '../../src/actors/calls.ts';
import { Exporter } from '../../src/actors/exporter.ts';
import { Host } from '../../src/actors/host.ts';
import { Hypervisor } from '../../src/actors/hypervisor.ts';
import { PlanInterpreter } from '../../src/actors/plan-interpreter.ts';
import { Requests } from '../../src/actors/requests.ts';
import { Retries } from '../../src/actors/retries.ts';
import { Vcpu } from '../../src/actors/vcpu.ts';
import type { Locations } from '../../src/memory/locations.ts';
import { Transfer } from '../../src/memory/transfer.ts';
import type { Recovery } from '../../src/memory/records.ts';
import type { World } from '../../src/memory/world.ts';
import type { FaultName, FaultPlan } from '../../src/model/faults.ts';
import { protocols } from '../../src/protocols/index.ts';
import { caseNumber, judge } from './faulty-worlds.ts';

const WORLDS = 80;
const SOUND_WORLDS = 12;
/** Steps of a broken run: those that go in circles need not do so for long. */
const SHORT = 60_000;
/** Occasions that are struck. */
const NTHS = [1, 2, 3, 4, 6, 8, 11, 15, 20, 60, 120, 250];

type Method = (...parameters: never[]) => unknown;
const replace = (type: { prototype: object }, method: string, by: unknown) =>
  vi.spyOn(type.prototype as Record<string, Method>, method).mockReturnValue(by);

/** Puts something around a method, also a private one. */
function wrap<Self extends object>(
  type: { prototype: Self },
  method: string,
  around: (original: Method, parameters: never[], self: Self) => unknown,
): void {
  const methods = type.prototype as Record<string, Method>;
  const original = methods[method]!;
  vi.spyOn(methods, method).mockImplementation(function (this: Self, ...parameters: never[]) {
    return around(original.bind(this), parameters, this);
  });
}
interface Variant {
  what: string;
  /** The property that must see it. */
  property: string;
  faults: readonly FaultName[];
  /** Occasions that are struck, if not the usual ones. */
  nths?: readonly number[];
  breakIt: () => unknown;
}

const variants: Variant[] = [
  {
    what: 'a host that serves a repeated request again',
    property: 'I7-exactly-once',
    faults: ['repeat request', 'lose answer'],
    breakIt: () => replace(Requests, 'isNew', true),
  },
  {
    what: 'a guest that takes any answer for the one to its last request',
    property: 'I7-exactly-once',
    faults: ['repeat answer', 'delay answer'],
    breakIt: () =>
      wrap(Vcpu, 'isAnswered', (_original, _parameters, vcpu) => {
        const [state] = (vcpu as unknown as { own: Int32Array }).own;
        return state === vcpu.world.tables.vcpu.state.asking;
      }),
  },
  {
    what: 'a store or node that serves a repeated call again',
    property: 'I5-conservation',
    faults: ['repeat call', 'lose done'],
    // Not so early that nothing is there yet.
    nths: [60, 67, 75, 83, 90, 120, 200],
    breakIt: () =>
      wrap(Served, 'isNew', (original, parameters) => {
        original(...parameters);
        return true;
      }),
  },
  {
    what: 'a hypervisor that counts an acknowledgement twice',
    property: 'I8-shootdown',
    faults: ['repeat flushed', 'delay flush'],
    breakIt: () => replace(Hypervisor, 'isHeardFrom', true),
  },
  {
    what: 'a guest and a host that say nothing twice',
    property: 'answered',
    faults: ['lose call', 'lose request', 'lose fault'],
    breakIt: () => replace(Retries, 'isDue', false),
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
    what: 'a host that believes what a header says of itself',
    property: 'I3-isolation',
    faults: ['misdirected write'],
    breakIt: () =>
      wrap(Transfer, 'moveIn', (original, [from, to], transfer) => {
        const { gfn, generation } = (transfer as unknown as { locations: Locations }).locations;
        return original(from!, to!, gfn[from!] as never, generation[from!] as never);
      }),
  },
  {
    what: 'a source freed before the write is verified: short write',
    property: 'I1-single-home',
    faults: ['short write'],
    breakIt: () => replace(Transfer, 'isStored', true),
  },
  {
    what: 'a source freed before the write is verified: misdirected write',
    property: 'I1-single-home',
    faults: ['misdirected write'],
    breakIt: () => replace(Transfer, 'isStored', true),
  },
  {
    what: 'a restarted hypervisor that exports an empty list',
    property: 'I6-advisory-list',
    faults: ['hypervisor restart'],
    breakIt: () =>
      wrap(Hypervisor, 'remember', (original, [known, context]) => {
        (known! as unknown as Recovery).generation.fill(0);
        original(known!, context!);
      }),
  },
  {
    what: 'a restarted hypervisor whose list does not say unknown until it is complete',
    property: 'I6-advisory-list',
    faults: ['hypervisor restart'],
    nths: Array.from({ length: 20 }, (_, i) => 60 + 37 * i),
    breakIt: () =>
      wrap(Exporter, 'restart', (original, [context], exporter) => {
        original(context!);
        for (const list of (exporter as unknown as { world: World }).world.lists) list.rebuilt();
      }),
  },
  {
    what: 'a host that gives a page up at the first failed read',
    property: 'I1-single-home',
    faults: ['read error', 'bit flip in flight'],
    breakIt: () =>
      wrap(Host, 'begin', (original, parameters, host) => {
        const operation = original(...parameters) as number;
        (host as unknown as { world: World }).world.operations.failures[operation] = 3;
        return operation;
      }),
  },
  {
    what: 'a host that does not take a page back which it lost under its new name',
    property: 'I7-exactly-once',
    faults: ['bit flip at rest'],
    breakIt: () => withoutSteps('give up', 'take back'),
  },
  {
    what: 'a host that leaves a lost page on the list',
    property: 'I6-advisory-list',
    faults: ['bit flip at rest'],
    breakIt: () => withoutSteps('retire'),
  },
];
/** What the host does after a failure, less some steps. */
function withoutSteps(...steps: string[]): void {
  wrap(PlanInterpreter, 'follow', (original, [operation, plan, ...rest]) => {
    const whole = plan! as unknown as readonly string[];
    const shorter = whole[0] === 'unreserve' ? whole.filter((step) => !steps.includes(step)) : whole;
    original(operation!, shorter as never, ...rest);
  });
}
function takeAnything(): void {
  wrap(Transfer, 'moveIn', (original, parameters) => {
    original(...parameters);
    return true;
  });
}

/** Which properties saw something in one of the campaign's worlds. */
function seenIn(world: number, plan: FaultPlan, limit?: number): string[] {
  const protocol = protocols[world % protocols.length]!;
  const faulty = caseNumber(Math.floor(world / protocols.length), world + 1, protocol, plan);
  try {
    const { broken } = judge({ ...faulty, ...(limit ? { limit } : {}) });
    return broken.map((message) => message.slice(0, message.indexOf(':')));
  } catch {
    // Some of what goes wrong trips an assertion of the actors before a property sees it; another world will show it.
    return ['an assertion'];
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(variants)('$what', ({ property, faults, nths = NTHS, breakIt }) => {
  const plan = faults.flatMap((fault) => nths.map((nth) => ({ fault, nth })));

  test(`is seen by ${property}`, () => {
    breakIt();
    const seen = new Set<string>();
    for (let world = 0; world < WORLDS && !seen.has(property); world++) {
      for (const name of seenIn(world, plan, SHORT)) seen.add(name);
    }
    expect([...seen]).toContain(property);
  });
  test('and with the defence in place nothing is seen', () => {
    expect(Array.from({ length: SOUND_WORLDS }, (_, world) => seenIn(world, plan)).flat()).toEqual([]);
  });
});
