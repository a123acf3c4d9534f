// Hundreds of small clusters with everything drawn: order, memory, moves to and fro, and a network that loses, doubles,
// reorders, delays and cuts. Nothing may go wrong, and everything that is interesting must have happened somewhere.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HostPages } from '../../src/actors/cluster/host-pages.ts';
import { Outgoing } from '../../src/actors/cluster/outgoing.ts';
import { ClusterGeometry, type ClusterSpec, noFaults, packetKind } from '../../src/model/cluster.ts';
import { event, type TraceEvent } from '../../src/model/events.ts';
import { finding, result } from '../../src/model/words.ts';
import { clusterWitnesses } from '../../src/properties/cluster/index.ts';
import { runCluster } from '../../src/report/migration/run-cluster.ts';
import { drawnCluster } from '../support/drawn-cluster.ts';
import { conventional, copyless, partsOf, smallCluster } from '../support/small-cluster.ts';

const SEED = Number(process.env['COPYLESS_SEED'] ?? 1);
const SCHEDULES = 700;
const STEPS_MAX = 400_000;
/** A version of the list: epoch, then a count. */
const EPOCH_SHIFT = 16;

describe(`hosts: ${SCHEDULES} schedules of 2 to 3 hosts under drawn network faults (seed ${SEED})`, () => {
  const seen = new Map<string, number>();
  const examined = new Map<string, number>();

  // shows: variant (18) several hosts, variant (28) network, variant (33) cloud, variant (36) clustered, race 22, race 23
  test('every migration is completed or given up, nothing is lost, and every run comes to rest', () => {
    for (let i = 0; i < SCHEDULES; i++) {
      const { spec, mode, scheduler } = drawnCluster(SEED + i);
      const run = runCluster(partsOf(spec, mode), { scheduler, limit: STEPS_MAX });
      const name = `seed ${SEED + i}, ${mode.name}, ${scheduler}`;
      expect(run.violations, name).toEqual([]);
      expect(run.ending, name).toBe('at rest');
      for (const property of run.properties) {
        const of = property.kind === 'sometimes' ? seen : examined;
        of.set(property.name, (of.get(property.name) ?? 0) + (property.examined > 0 ? 1 : 0));
      }
    }
    expect([...examined].filter(([, runs]) => runs === 0)).toEqual([]);
  });

  // shows: variant (28) network, race 23
  test('every fault class fired, and every interesting case was seen', () => {
    const unseen = clusterWitnesses.filter((witness) => (seen.get(witness) ?? 0) === 0);
    expect(unseen).toEqual([]);
  });
});

/** What a look at the list finds of pages that were handed over, until they leave their slots, and what comes too late for them. */
class HandedOver {
  looks = 0;
  refused = 0;
  readonly wrong: string[] = [];
  private readonly geometry: ClusterGeometry;
  private epoch = 0;
  /** By migration: the epoch that it ends. By host and Gfn: generation of a mapping that was adopted, and that epoch. */
  private readonly epochs = new Map<number, number>();
  private readonly adopted = new Map<number, { generation: number; epoch: number }>();
  private readonly generations = new Map<number, number>();

  constructor(geometry: ClusterGeometry) {
    this.geometry = geometry;
  }
  see(e: TraceEvent): void {
    const { geometry } = this;
    const at = e.id * geometry.gfns + e.gfn;
    switch (e.kind) {
      case event.guestStarted:
        this.epoch = e.generation;
        return;
      case event.migrating:
        this.epochs.set(e.id, this.epoch);
        return;
      case event.entered:
        this.generations.set(at, e.generation);
        this.adopted.delete(at);
        return;
      case event.left:
        this.adopted.delete(at);
        return;
      case event.adopted: {
        if (e.to !== packetKind.mapping) return;
        const here = geometry.hostOfActor(e.actor) * geometry.gfns + e.gfn;
        const [generation, epoch] = [this.generations.get(here)!, this.epochs.get(e.destination)!];
        this.adopted.set(here, { generation, epoch });
        return;
      }
      case event.listUpdated: {
        const entry = this.adopted.get(at);
        if (entry === undefined || e.generation >>> EPOCH_SHIFT > entry.epoch) return;
        if (e.result === 0) this.refused++;
        else
          this.wrong.push(
            `Gfn ${e.gfn} on host ${e.id}: an update of epoch ${entry.epoch} replaced its entry`,
          );
        return;
      }
      case event.inspected:
      case event.requested: {
        const host = Math.floor(e.id / geometry.vcpus);
        const entry = this.adopted.get(host * geometry.gfns + e.gfn);
        if (entry === undefined) return;
        this.looks++;
        const isListed = e.kind === event.requested ? e.from === host : e.result === finding.listed;
        if (!isListed || e.generation !== entry.generation)
          this.wrong.push(`Gfn ${e.gfn} on host ${host} was not found as it was handed over`);
      }
    }
  }
}

test('hosts: what is handed over is found where it comes to, whatever the list was told of it before, 200 schedules', () => {
  let [looks, refused] = [0, 0];
  for (let seed = SEED; seed < SEED + 200; seed++) {
    const { spec, scheduler } = drawnCluster(seed);
    const handedOver = new HandedOver(new ClusterGeometry(spec));
    runCluster(partsOf(spec, copyless), { scheduler, limit: STEPS_MAX, onEvent: (e) => handedOver.see(e) });
    expect([seed, handedOver.wrong]).toEqual([seed, []]);
    looks += handedOver.looks;
    refused += handedOver.refused;
  }
  expect(looks).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(20);
});

// In other runs a place of the window has held a packet of the same epoch before.
test('hosts: 2 pages go to and fro through a window of 64: no place is used twice, both migrations are completed', () => {
  const spec = smallCluster({}, { pages: 2, hotPages: 2 });
  spec.migration.window = 64;
  const run = runCluster(partsOf(spec, copyless), { limit: STEPS_MAX });
  expect([run.ending, run.violations, run.traffic.completed]).toEqual(['at rest', [], 2]);
});

/** Pages wait for a frame while the destination moves others out to a slow disk, and the guest goes on changing them. */
function cramped(seed: number): ClusterSpec {
  const spec = smallCluster(
    {
      seed,
      framesPerNode: 4,
      sharedPercent: 50,
      stores: { private: 'hdd', shared: 'nvme' },
      moves: [
        { to: 1, after: 60 },
        { to: 0, after: 160 },
        { to: 1, after: 220 },
      ],
    },
    { hotPages: 12, accesses: 200, writePercent: 80, balancePerMille: 500 },
  );
  if (seed % 2 === 0)
    spec.faults = {
      ...noFaults,
      reorderingPerMille: 400,
      delayPerMille: 400,
      delayNs: 300_000,
    };
  return {
    ...spec,
    migration: { ...spec.migration, rounds: 8, stopPages: 0, patience: 1000, window: 32 },
  };
}

describe('hosts: 24 pages come to 8 frames, some told to be elsewhere while they wait for one', () => {
  afterEach(() => void vi.restoreAllMocks());

  test.each([818, 977, 980, 2057])(
    'seed %i: no frame is taken for them, and every run comes to rest',
    (seed) => {
      const stopped = vi.spyOn(HostPages.prototype, 'stopWaiting');
      const run = runCluster(partsOf(cramped(seed), copyless), { limit: STEPS_MAX });
      expect([run.ending, run.violations]).toEqual(['at rest', []]);
      expect(stopped.mock.results.some(({ value }) => value === true)).toBe(true);
    },
  );
});

/** A lossy network, little patience and slow disks: a migration is given up while its destination makes room for it. */
function impatient(seed: number): ClusterSpec {
  const forNs = [3e6, 6e6, 1e12][(seed % 11) % 3]!;
  const spec = smallCluster(
    {
      seed,
      framesPerNode: 4,
      sharedPercent: 50,
      stores: { private: 'hdd', shared: 'hdd' },
      moves: [
        { to: 1, after: 10 },
        { to: 1, after: 20 },
        { to: 1, after: 30 },
        { to: 0, after: 160 },
        { to: 1, after: 220 },
      ],
      faults: {
        ...noFaults,
        lossPerMille: 100,
        partition: seed % 2 === 0 ? { afterPackets: 30 + ((seed * 7) % 90), forNs } : null,
      },
    },
    { hotPages: 12, accesses: 200, writePercent: 80, balancePerMille: 100 },
  );
  const migration = { rounds: 3, patience: 1 + (seed % 5), window: 32, readDepth: 8 };
  return { ...spec, migration: { ...spec.migration, ...migration } };
}

describe('hosts: a migration is given up while its destination moves pages out', () => {
  test.each([
    { seed: 5, mode: copyless },
    { seed: 32, mode: copyless },
    { seed: 35, mode: conventional },
    { seed: 275, mode: conventional },
  ])('seed $seed, $mode.name: what comes to rest later is dropped, and nothing else', ({ seed, mode }) => {
    let dropped = 0;
    let [before, last] = [
      { kind: -1, gfn: -1, to: -1 },
      { kind: -1, gfn: -1, to: -1 },
    ];
    const onEvent = (e: TraceEvent) => {
      // It enters its slot, its frame is free, and it leaves: in one step.
      const enters = before.kind === event.entered && before.gfn === e.gfn && before.to === e.from;
      if (e.kind === event.left && last.kind === event.released && enters) dropped++;
      [before, last] = [last, { ...e }];
    };
    const run = runCluster(partsOf(impatient(seed), mode), { limit: STEPS_MAX, onEvent });
    expect([run.ending, run.violations]).toEqual(['at rest', []]);
    expect(dropped).toBeGreaterThan(0);
  });
});

/** Little patience, and a slow record of who has the guest. */
function slowRecord(seed: number, faults: Partial<ClusterSpec['faults']>): ClusterSpec {
  const spec = smallCluster(
    {
      seed,
      framesPerNode: 6,
      stores: { private: 'nvme', shared: 'hdd' },
      sharedPercent: 0,
      faults: { ...noFaults, ...faults },
      moves: [
        { to: 1, after: 30 },
        { to: 1, after: 31 },
        { to: 1, after: 32 },
      ],
    },
    { pages: 4, hotPages: 4, vcpus: 1 },
  );
  return { ...spec, migration: { ...spec.migration, patience: 1, window: 32 } };
}

test('hosts: a source that is refused and then hears nothing asks once whose the guest is, and waits for the answer', () => {
  const spec = slowRecord(1726, { partition: { afterPackets: 22, forNs: 4e6 } });
  const outOfReach = vi.spyOn(Outgoing.prototype, 'outOfReach');
  let [asked, givenUp] = [0, 0];
  const onEvent = (e: TraceEvent) => {
    if (e.kind === event.claimed && e.id === 0) asked++;
    if (e.kind === event.migrated && e.result !== result.OK) givenUp++;
  };
  const run = runCluster(partsOf(spec, copyless), { scheduler: 'random', limit: STEPS_MAX, onEvent });
  expect([run.ending, run.violations]).toEqual(['at rest', []]);
  // Three were given up, one of them when the answer had come; once more it was noticed that the other is out of reach.
  expect([asked, givenUp, outOfReach.mock.calls.length]).toEqual([1, 3, 4]);
  outOfReach.mockRestore();
});

test('hosts: a destination that is refused in a migration that was given up is not refused in the next', () => {
  // The last copy of a commit comes when the source has the guest back; before the answer is there, all of the next has come.
  const late = { delayPerMille: 300, delayNs: 3e6, partition: { afterPackets: 19, forNs: 1.9e6 } };
  const claims: TraceEvent[] = [];
  const onEvent = (e: TraceEvent) => {
    if (e.kind === event.claimed && e.id === 1) claims.push({ ...e });
  };
  const spec = slowRecord(59, late);
  const run = runCluster(partsOf(spec, copyless), { limit: STEPS_MAX, onEvent });
  expect([run.ending, run.violations]).toEqual(['at rest', []]);
  expect(claims.map((e) => e.result)).toEqual([result.STALE, result.OK]);
  const answerNs = partsOf(spec, copyless).costs.stores.hdd.readNs;
  expect(claims[1]!.time - claims[0]!.time).toBeLessThan(answerNs);
});
