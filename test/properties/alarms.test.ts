// Every alarm rings: for each property that must always hold, something broken that this very property sees. Where a
// plan can be broken that way a protocol variant runs; where none can, because the host checks, the events are told by
// hand. Each story told by hand has a twin in which nothing is wrong and nothing rings.
import { describe, expect, test } from 'vitest';
import { pageTable, step, type PageEvent, type PageState } from '../../machines/index.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { Recorder } from '../../src/model/recorder.ts';
import { cause, finding, operationKind, requestKinds, result } from '../../src/model/words.ts';
import { monitors } from '../../src/properties/index.ts';
import { completeProtocol, type Plan, type Protocol, protocols } from '../../src/protocols/index.ts';
import { Trace, type Observing } from '../../src/runtime/trace.ts';
import { caseNumber, judge } from '../mutants/campaign.ts';
import { explore, smallWorld } from '../support/small-world.ts';
import { smallWorkload, tight } from '../support/small-workloads.ts';

const RUNS = 12;
const STEPS = 20_000;

const named = (name: string): Protocol => protocols.find((protocol) => protocol.name === name)!;
const migrate = named('copyless-migrate');
const mapping = named('copyless-map');

/** copyless-migrate with one thing changed. */
function broken(changed: Partial<Protocol>): Protocol {
  return completeProtocol({ ...migrate, ...changed, name: 'broken' });
}
/** ... with the plan for a request replaced; only where the destination is not backed, so that one change is tried. */
function asking(...plan: Plan): Protocol {
  return broken({ plan: (_request, _page, { destinationBacked }) => (destinationBacked ? 'NOMEM' : plan) });
}

/** All that a property said of a protocol in the first runs of the campaign. */
function saidOf(protocol: Protocol, property: string): string[] {
  return Array.from({ length: RUNS }, (_, run) => judge(protocol, run, STEPS).violated)
    .flat()
    .filter((violation) => violation.property === property)
    .map(({ message }) => message);
}

const variants: { property: string; what: string; says: string; protocol: Protocol }[] = [
  {
    property: 'no-copy-back',
    what: 'the guest copies, and its touch faults the page in on the source',
    says: 'its source node, only for the guest to copy it on',
    protocol: named('conventional'),
  },
  {
    property: 'no-copy-back',
    what: 'a migrate that takes its frame on the source node',
    says: 'its source node, while a request for it was being served',
    protocol: asking('reserve source', 'accept', 'load', 'unmap', 'map', 'release', 'retire'),
  },
  {
    property: 'no-copy-back',
    what: 'a migrate that loads the page twice',
    says: 'answered OK after 2 arrivals, not 1',
    protocol: asking('reserve', 'accept', 'load', 'load', 'unmap', 'map', 'release', 'retire'),
  },
  {
    property: 'no-copy-back',
    what: 'a swap-in that does not ask whether the guest holds the page',
    says: 'its source node, while the guest held it',
    protocol: broken({ swapIn: ['reserve', 'load', 'map', 'release'] }),
  },
  {
    property: 'I1-single-home',
    what: 'a swap-out that stores nothing',
    says: 'which does not hold its content',
    protocol: broken({ swapOut: migrate.swapOut.filter((word) => word !== 'store') }),
  },
  {
    property: 'I1-single-home',
    what: 'a map that takes the page from the source and gives it to nobody',
    says: 'with the content of Gfn',
    protocol: { ...mapping, plan: () => ['accept', 'vacate', 'unmap', 'retire'] },
  },
  {
    property: 'I2-read-last-write',
    what: 'a swap-out that stores the page before it is write-protected',
    says: 'expected',
    protocol: broken({
      swapOut: ['reserve', 'store', 'protect', 'shootdown', 'unmap', 'shootdown', 'release', 'export'],
    }),
  },
  {
    property: 'I3-isolation',
    what: 'a swap-in that maps a frame and loads nothing into it',
    says: "another page's content",
    protocol: broken({ swapIn: migrate.swapIn.filter((word) => word !== 'load') }),
  },
  {
    property: 'I3-isolation',
    what: 'a first touch that does not clear the frame',
    says: "a frame with somebody else's content",
    protocol: broken({ firstTouch: ['reserve', 'map'] }),
  },
  {
    property: 'I4-pin',
    what: 'a migrate that takes its frame on the source node',
    says: 'was mapped to node',
    protocol: asking('reserve source', 'accept', 'load', 'unmap', 'map', 'release', 'retire'),
  },
  {
    property: 'I5-conservation',
    what: 'a swap-in that keeps the slot',
    says: 'it leaked',
    protocol: broken({ swapIn: migrate.swapIn.filter((word) => word !== 'release') }),
  },
  {
    property: 'I5-conservation',
    what: 'a swap-in that frees the slot twice',
    says: 'was released and not in use',
    protocol: broken({ swapIn: [...migrate.swapIn, 'release'] }),
  },
  {
    property: 'I6-advisory-list',
    what: 'a migrate that leaves its list entry behind',
    says: 'the list names Gfn',
    protocol: asking('reserve', 'accept', 'load', 'unmap', 'map', 'release'),
  },
  {
    property: 'I7-exactly-once',
    what: 'a migrate that is accepted only after its effect',
    says: 'was refused and had an effect',
    protocol: asking('reserve', 'load', 'unmap', 'map', 'accept', 'release', 'retire'),
  },
  {
    property: 'I7-exactly-once',
    what: 'a map that takes effect twice',
    says: 'took effect more than once',
    protocol: {
      ...mapping,
      plan: () => ['accept', 'vacate', 'unmap', 'remap', 'remap', 'retire'],
    },
  },
  {
    property: 'I7-exactly-once',
    what: 'a guest that asks for map-then-migrate and is given a map',
    says: 'asked for map-then-migrate and was answered OK after a map',
    protocol: { ...mapping, guestAsks: 'map-then-migrate' },
  },
  {
    property: 'I8-shootdown',
    what: 'a swap-out that frees the frame without a shootdown',
    says: 'was released while',
    protocol: broken({ swapOut: migrate.swapOut.toSpliced(5, 1) }),
  },
  {
    property: 'I8-shootdown',
    what: 'a swap-out that stores a page which is write-protected in the EPT alone',
    says: 'was copied while a vCPU may still write it',
    protocol: broken({ swapOut: migrate.swapOut.toSpliced(2, 1) }),
  },
  {
    property: 'legal-lifecycle',
    what: 'a swap-in that does not claim the page',
    says: 'which the page machine does not have',
    protocol: broken({ swapIn: migrate.swapIn.filter((word) => word !== 'claim') }),
  },
];

describe(`protocol variants, ${RUNS} runs each`, () => {
  test.each(variants)('$property rings for $what', ({ property, says, protocol }) => {
    const said = saidOf(protocol, property);
    expect(said.filter((message) => message.includes(says))).not.toEqual([]);
  });

  test('none rings for copyless-migrate and copyless-map themselves', () => {
    for (const { property } of variants) expect(saidOf(migrate, property)).toEqual([]);
    for (const { property } of variants) expect(saidOf(mapping, property)).toEqual([]);
  });
});

// shows: claim 1, variant (14) baseline
test(`conventional makes copy-backs in ${RUNS} runs, and copyless-migrate none`, () => {
  const copyBacksOf = (protocol: Protocol) => {
    let copyBacks = 0;
    const counting: Observing = {
      on: {
        dataIn: (e) => {
          if (e.cause === cause.balance) copyBacks++;
        },
      },
    };
    for (let run = 0; run < RUNS; run++) {
      const { small, workload, order, seed } = caseNumber(run);
      explore(smallWorld(small), protocol, workload, order, { seed, observing: [counting] });
    }
    return copyBacks;
  };
  expect(copyBacksOf(named('conventional'))).toBeGreaterThan(0);
  expect(copyBacksOf(migrate)).toBe(0);
});

test('answered rings for a host that is out of memory: 6 pages, 4 frames and 1 slot', () => {
  const small = smallWorld({ ...tight({ frames: 2 }, 0), slots: 1 });
  const run = explore(small, migrate, smallWorkload('uniform'), { kind: 'random', seed: 3 }, { seed: 3 });
  expect(run.ending).toBe('at rest');
  expect(run.violations.map(({ property }) => property)).toEqual(['answered']);
  expect(run.violations[0]!.message).toContain('fault(s) of vCPU never ended');
});

// --- told by hand

/** Gfns 0 to 5 belong to node 0, 6 to 11 to node 1; frames 1 to 4 to node 0, 5 to 8 to node 1; slots begin at 9. */
const spec = smallWorld({ gfns: 6 });
const [SOURCE, DESTINATION] = [0, 6];
const [SOURCE_FRAME, OTHER_SOURCE_FRAME, FRAME, SLOT, OTHER_SLOT] = [1, 2, 5, 9, 10];
const VCPU = 0;
const NODE = 0;
const STORE = 2;
const REQUEST = 3;

/** What happened, an operation at a time. */
class Story {
  readonly happened: Recorder;
  private readonly properties = monitors({ geometry: new Geometry(spec), page: pageTable, totalOrder: true });
  private operation = 0;
  private state: PageState = 'resident.present';

  constructor() {
    this.happened = new Recorder(new Trace(this.properties), VCPU, new Float64Array(1));
  }
  /** Violations so far; nothing is at rest. */
  violations(): string[] {
    return this.properties.flatMap(({ violation }) =>
      violation ? [`${violation.property}: ${violation.message}`] : [],
    );
  }
  atRest(): string[] {
    for (const property of this.properties) if (property.kind === 'always') property.atRest();
    return this.violations();
  }
  page(on: PageEvent, generation: number, gfn = SOURCE): void {
    const from = pageTable.state[this.state];
    const to = step(pageTable, from, pageTable.event[on]);
    this.state = pageTable.states[to]!;
    this.happened.page(gfn, generation, from, to, pageTable.event[on]);
  }
  born(): this {
    const operation = this.operation++;
    this.happened.began(operation, operationKind.fault, SOURCE, SOURCE, cause.demand);
    this.happened.reserved(operation, SOURCE_FRAME, NODE, cause.demand, 0);
    this.happened.zeroed(operation, SOURCE, SOURCE_FRAME);
    this.happened.eptSet(SOURCE, SOURCE_FRAME);
    this.happened.born(SOURCE, SOURCE_FRAME);
    this.happened.ended(operation, operationKind.fault, SOURCE, SOURCE_FRAME, cause.demand, result.OK);
    return this;
  }
  /** First migration, and export. */
  movedOut(generation: number, from: number, to: number): this {
    const operation = this.operation++;
    const kind = operationKind['swap-out'];
    this.happened.began(operation, kind, SOURCE, SOURCE, cause.pressure);
    this.happened.reserved(operation, to, STORE, cause.pressure, 0);
    this.page('swapOut', generation);
    this.happened.dataIn(operation, SOURCE, generation, from, to, cause.none, NODE);
    this.page('written', generation);
    this.happened.entered(operation, SOURCE, to, generation);
    this.happened.eptCleared(SOURCE);
    this.happened.released(operation, from, NODE);
    this.page('export', generation);
    this.happened.listed(SOURCE, generation);
    this.happened.ended(operation, kind, SOURCE, to, cause.pressure, result.OK);
    return this;
  }
  /** Back in a frame of the source node. `claimed`: the host has asked the page machine. */
  cameBack(generation: number, from: number, to: number, because: number, claimed = true): this {
    const operation = this.operation++;
    this.happened.began(operation, operationKind.fault, SOURCE, SOURCE, because);
    this.happened.reserved(operation, to, NODE, because, 0);
    if (claimed) {
      this.page('demand', generation + 1);
      this.happened.delisted(SOURCE, generation);
    }
    this.happened.dataIn(operation, SOURCE, generation, from, to, because, NODE);
    if (!claimed) return this;
    this.happened.eptSet(SOURCE, to);
    this.happened.entered(operation, SOURCE, to, 0);
    this.page('arrive', generation + 1);
    this.happened.released(operation, from, STORE);
    this.happened.ended(operation, operationKind.fault, SOURCE, to, because, result.OK);
    return this;
  }
  asked(kind: number, generation: number): this {
    this.happened.requested(REQUEST, SOURCE, DESTINATION, generation, kind);
    this.happened.forwarded(REQUEST);
    return this;
  }
  accepted(kind: number, generation: number, location: number): this {
    this.happened.accepted(REQUEST, SOURCE, DESTINATION, generation, kind, location);
    return this;
  }
  answered(kind: number, generation: number): this {
    this.happened.answered(REQUEST, SOURCE, DESTINATION, generation, kind, result.OK);
    return this;
  }
}

describe('told by hand', () => {
  const kind = requestKinds.indexOf('map');

  // shows: race 1
  test('no-copy-back (b) rings for a request accepted in a generation that has come back since', () => {
    const told = (accepted: number) =>
      new Story()
        .born()
        .movedOut(1, SOURCE_FRAME, SLOT)
        .cameBack(1, SLOT, OTHER_SOURCE_FRAME, cause.demand)
        .movedOut(2, OTHER_SOURCE_FRAME, OTHER_SLOT)
        .asked(kind, accepted)
        .accepted(kind, accepted, OTHER_SLOT)
        .violations();
    expect(told(2)).toEqual([]);
    expect(told(1)).toEqual([
      expect.stringMatching(/^no-copy-back: .*generation 1 was accepted although that version is not away/),
    ]);
  });

  test('no-copy-back (b) rings for a request accepted for a page that is resident', () => {
    const told = (back: boolean) => {
      const story = new Story().born().movedOut(1, SOURCE_FRAME, SLOT);
      if (back) story.cameBack(1, SLOT, OTHER_SOURCE_FRAME, cause.demand);
      return story.asked(kind, 1).accepted(kind, 1, SLOT).violations();
    };
    expect(told(false)).toEqual([]);
    expect(told(true)).toEqual([expect.stringMatching(/^no-copy-back: .*not away any more/)]);
  });

  // shows: claim 12
  test('no-copy-back (c) rings for a prefetch to the source while the guest holds the page', () => {
    const told = (held: boolean) => {
      const story = new Story().born().movedOut(1, SOURCE_FRAME, SLOT);
      if (held) story.page('detect', 1);
      return story.cameBack(1, SLOT, OTHER_SOURCE_FRAME, cause.prefetch, !held).violations();
    };
    expect(told(false)).toEqual([]);
    expect(told(true)).toEqual([expect.stringMatching(/^no-copy-back: .*while the guest held it/)]);
  });

  test('no-copy-back (a) rings for a mapped page that arrives on its source node, not on its destination', () => {
    const told = (frame: number) => {
      const story = new Story().born().movedOut(1, SOURCE_FRAME, SLOT);
      story.asked(kind, 1);
      story.happened.began(9, operationKind.balance, SOURCE, DESTINATION, cause.request);
      story.accepted(kind, 1, SLOT);
      story.page('map', 1);
      story.happened.left(9, SOURCE, SLOT);
      story.happened.entered(9, DESTINATION, SLOT, 1);
      story.happened.listed(DESTINATION, 1);
      story.happened.ended(9, operationKind.balance, DESTINATION, SLOT, cause.request, result.OK);
      story.answered(kind, 1);
      story.happened.began(10, operationKind.fault, DESTINATION, DESTINATION, cause.demand);
      story.happened.reserved(10, frame, NODE, cause.demand, 0);
      story.happened.dataIn(10, DESTINATION, 1, SLOT, frame, cause.demand, NODE);
      return story.violations();
    };
    expect(told(FRAME)).toEqual([]);
    expect(told(OTHER_SOURCE_FRAME)).toEqual([
      expect.stringMatching(/^no-copy-back: .*after it had been mapped to another node/),
    ]);
  });

  // shows: race 18, step 440
  test('I6 rings for a guest that is told resident of a page that found no room on the list', () => {
    const told = (answer: number) => {
      const story = new Story();
      story.happened.overflowed(SOURCE, 1);
      story.happened.inspected(VCPU, SOURCE, answer, 0);
      return story.violations();
    };
    expect(told(finding.unknown)).toEqual([]);
    expect(told(finding.resident)).toEqual([expect.stringMatching(/^I6-advisory-list: .*is resident/)]);
  });

  test("I3 rings for a guest that reads another page's word, whatever it says of how it came there", () => {
    const story = new Story();
    story.happened.read(VCPU, 4, 0, 0, 0);
    expect(story.violations()).toEqual([]);
    story.happened.read(VCPU, 4, 0, 0, 1);
    expect(story.violations()).toEqual([expect.stringMatching(/^I3-isolation: /)]);
  });

  // shows: claim 14, variant (12) (20) pinning
  test('I4 rings for a frame of another node, and not for a recorded spill', () => {
    const told = (spilled: boolean) => {
      const story = new Story();
      if (spilled) story.happened.spilled(1, SOURCE, NODE, 1);
      story.happened.reserved(1, FRAME, 1, cause.demand, 0);
      story.happened.eptSet(SOURCE, FRAME);
      return story.violations();
    };
    expect(told(true)).toEqual([]);
    expect(told(false)).toEqual([expect.stringMatching(/^I4-pin: /)]);
  });

  test('I5 rings for a frame that is given out twice', () => {
    const story = new Story();
    story.happened.reserved(1, FRAME, 1, cause.demand, 0);
    expect(story.violations()).toEqual([]);
    story.happened.reserved(2, FRAME, 1, cause.demand, 0);
    expect(story.violations()).toEqual([expect.stringMatching(/^I5-conservation: .*given out twice/)]);
  });

  test('I7 rings for a request that is accepted twice', () => {
    const story = new Story().born().movedOut(1, SOURCE_FRAME, SLOT);
    story.asked(kind, 1).accepted(kind, 1, SLOT);
    expect(story.violations()).toEqual([]);
    story.accepted(kind, 1, SLOT);
    expect(story.violations()).toEqual([expect.stringMatching(/^I7-exactly-once: .*accepted twice/)]);
  });

  const beginnings: {
    what: string;
    says: string;
    begin: (e: Recorder) => void;
    end: (e: Recorder) => void;
  }[] = [
    {
      what: 'a fault',
      says: 'fault(s) of vCPU',
      begin: (e) => e.faulted(VCPU, SOURCE, 0, 0),
      end: (e) => e.resumed(VCPU, SOURCE, result.OK),
    },
    {
      what: 'a request',
      says: 'request(s)',
      begin: (e) => e.requested(REQUEST, SOURCE, DESTINATION, 1, kind),
      end: (e) => e.answered(REQUEST, SOURCE, DESTINATION, 1, kind, result.STALE),
    },
    {
      what: 'a migration in the guest',
      says: 'migration(s) of Gvpn',
      begin: (e) => e.seized(VCPU, 4, SOURCE, DESTINATION),
      end: (e) => e.balanced(VCPU, 4, SOURCE, DESTINATION, cause.copy, result.OK),
    },
    {
      what: 'an operation of the host',
      says: 'operation(s)',
      begin: (e) => e.began(1, operationKind.fault, SOURCE, SOURCE, cause.demand),
      end: (e) => e.ended(1, operationKind.fault, SOURCE, 0, cause.demand, result.OK),
    },
  ];
  test.each(beginnings)('answered rings for $what that never ends', ({ says, begin, end }) => {
    const told = (ends: boolean) => {
      const story = new Story();
      for (let vcpu = 0; vcpu < spec.guests[0]!.vcpus.length; vcpu++) story.happened.halted(vcpu);
      begin(story.happened);
      if (ends) end(story.happened);
      return story.atRest();
    };
    expect(told(true)).toEqual([]);
    expect(told(false)).toEqual([expect.stringContaining(`answered: 1 ${says}`)]);
  });

  test('answered rings for a hold that never ends', () => {
    const story = new Story().born().movedOut(1, SOURCE_FRAME, SLOT);
    for (let vcpu = 0; vcpu < spec.guests[0]!.vcpus.length; vcpu++) story.happened.halted(vcpu);
    story.page('detect', 1);
    expect(story.atRest()).toEqual([expect.stringContaining('answered: 1 hold(s) of Gfn')]);
  });
});

test('every property of the protocols has an alarm here, but for I10, which compares runs', () => {
  // I11 is judged where slots are encrypted: its alarms are in test/stores. What guests can do beyond balancing has its
  // alarms in test/guest.
  const elsewhere = ['I11-sealed-slots', 'given-back', 'async-faults', 'huge-pages'];
  const alarmed = new Set([...variants.map(({ property }) => property), 'answered', ...elsewhere]);
  expect(migrate.claims.filter((property) => !alarmed.has(property))).toEqual(['I10-differential']);
});
