// Makes a failing run small: what the vCPUs executed is written out, and then operations, pages, vCPUs, room, faults and
// choices of the schedule are taken away for as long as the same property is still violated (delta debugging, Zeller 2002).
// Deterministic, and bounded by a number of steps.
import { create, measure } from '../actors/index.ts';
import { event } from '../model/events.ts';
import { Geometry } from '../model/geometry.ts';
import {
  argumentOf,
  BULK_VNODES,
  command,
  encode,
  encodeCommand,
  operation,
  operationOf,
} from '../model/script.ts';
import type { WorldSpec } from '../model/spec.ts';
import { monitors, type Property, type Violation } from '../properties/index.ts';
import type { Protocol } from '../protocols/index.ts';
import type { ChoosingScheduler } from '../runtime/scheduler.ts';
import { schedulerFor } from '../runtime/schedulers/named.ts';
import { Simulation } from '../runtime/simulate.ts';
import { Trace } from '../runtime/trace.ts';
import { loadProtocol } from '../scenarios/modules.ts';
import { partsOf, workloadOf } from '../scenarios/parts.ts';
import { parseOperation } from '../scenarios/workloads/script.ts';
import { present } from '../stdx/assert.ts';
import {
  balanced,
  type Candidate,
  count,
  literal,
  pagesIn,
  reach,
  withoutWaiting,
  withSpec,
} from './candidate.ts';
import { Recording, Written } from './recording.ts';
import { roomFirst, simplifications } from './simplifications.ts';
import type { Unit } from './unit.ts';

export interface Shrunk {
  /** Violates the same property, in few steps; its workload is a script. */
  unit: Unit;
  violation: Violation;
  /** Messages delivered up to the violation: in the small run, and in the one that it came from. */
  messages: number;
  messagesBefore: number;
  /** Pages that its script names. */
  pages: number;
}

interface Failure extends Candidate {
  violation: Violation;
  messages: number;
}

const STEPS = 4_000_000;
/** What else takes time, in steps: laying out a world, an access of a burst, an operation of a script, a run at all. */
const BYTES_A_STEP = 500;
const ACCESSES_A_STEP = 4;
const OPERATIONS_A_STEP = 4;
const STEPS_A_RUN = 1000;
/** Random orders that are tried where the schedule at hand does not fail any more. */
const RANDOM_SEEDS = [1, 2, 3];

const FAMILIAR = [
  ['write 0', 'pageout 0'],
  ['write 0', 'pageout 0', 'read 0'],
  ['write 0', 'pageout 0', 'move 0 to 1', 'read 0'],
  ['write 0', 'move 0 to 1', 'pageout 0', 'move 0 to 0', 'read 0'],
];

/** Operations of a script in which each is tried as something simpler. */
const SIMPLER_MAX = 30;

/** Thrown through the run: nothing after the violation is of interest. */
const FOUND = Symbol('violated');

/**
 * @param property name of the property that the unit violates
 * @param protocol the unit's, where it cannot be loaded by its name
 * @param steps of simulation at most, beyond the run that is to be shrunk
 * @returns null where the unit does not violate the property
 */
export async function shrink(
  unit: Unit,
  property: string,
  protocol?: Protocol,
  steps = STEPS,
): Promise<Shrunk | null> {
  const shrinking = new Shrinking(protocol ?? (await loadProtocol(unit.protocol)), property, steps);
  const first = await shrinking.recorded(unit);
  if (first === null) return null;
  const found = shrinking.smallest(first);
  // One that is no shorter in either way is no smaller: what a search found is the shortest already.
  const isSmaller = found.messages < first.messages || found.ops.flat().length < first.ops.flat().length;
  const best = isSmaller ? found : first;
  return {
    unit: literal(best, Math.max(10_000, 4 * best.messages)),
    violation: best.violation,
    messages: best.messages,
    messagesBefore: first.messages,
    pages: pagesIn(best.ops).size,
  };
}

class Shrinking {
  private readonly protocol: Protocol;
  private readonly property: string;
  private left: number;
  private best!: Failure;

  constructor(protocol: Protocol, property: string, steps: number) {
    this.protocol = protocol;
    this.property = property;
    this.left = steps;
  }

  // --- runs

  /** The unit as it is, with what its vCPUs executed written down. */
  async recorded(unit: Unit): Promise<Failure | null> {
    const workload = await workloadOf(unit.workload, unit.shape);
    const recordings = unit.spec.guests.map(
      (_, guest) => new Recording(workload.open(unit.seed + guest, guest)),
    );
    try {
      const run = this.prepare(unit);
      const violation = await run.to(() => run.simulation.run(recordings, unit.limit));
      if (violation === null) return null;
      const own = unit.shape.vcpuVnodes.length;
      const ops = run.executed.map((count, vcpu) =>
        recordings[Math.floor(vcpu / own)]!.upTo(vcpu % own, count),
      );
      const begun = withoutWaiting(ops, unit);
      return { unit: run.scheduled(unit), ops: begun, violation, messages: run.simulation.steps };
    } finally {
      for (const recording of recordings) await recording.close();
    }
  }

  private attempt(candidate: Candidate, limit: number): Failure | null {
    const { unit, ops } = candidate;
    this.left -= STEPS_A_RUN + count(ops) / OPERATIONS_A_STEP;
    const own = unit.shape.vcpuVnodes.length;
    const sources = unit.spec.guests.map(
      (_, guest) => new Written(ops.slice(guest * own, (guest + 1) * own)),
    );
    try {
      const run = this.prepare(unit);
      let violation: Violation | null;
      try {
        violation = run.now(() => run.simulation.runSync(sources, limit));
      } finally {
        const accesses = run.executed.reduce((sum, one) => sum + one, 0);
        this.left -= run.simulation.steps + accesses / ACCESSES_A_STEP;
      }
      if (violation === null || !this.isSame(violation)) return null;
      return { unit: run.scheduled(unit), ops, violation, messages: run.simulation.steps };
    } catch {
      // A world that cannot be, or that our own assertions end: not the failure that is looked for.
      return null;
    }
  }

  /** What was seen at rest must be the same thing: anything that is cut short leaves something open. */
  private isSame({ sequence, message }: Violation): boolean {
    const digits = (text: string) => text.replaceAll(/\d+/g, 'N');
    const { violation } = this.best;
    return sequence >= 0 ? violation.sequence >= 0 : digits(message) === digits(violation.message);
  }

  private prepare(unit: Unit) {
    const { protocol, property: name } = this;
    const parts = partsOf(unit, protocol);
    const bytes = measure(parts);
    this.left -= bytes / BYTES_A_STEP;
    const setting = { geometry: new Geometry(unit.spec), page: parts.tables.page, totalOrder: true };
    const property = monitors(setting).find((one) => one.name === name);
    const trace = new Trace(property ? [property] : []);
    const executed = setting.geometry.vcpuGuest.map(() => 0);
    trace.all((e) => {
      if (e.kind === event.read || e.kind === event.wrote) executed[e.id]!++;
      // oxlint-disable-next-line typescript/only-throw-error
      if (property?.violation) throw FOUND;
    });
    const system = create(new ArrayBuffer(bytes), parts, trace);
    const scheduler = schedulerFor(system, unit);
    const simulation = new Simulation(system, scheduler);
    return {
      simulation,
      executed,
      to: (run: () => Promise<string>) => run().then((ending) => atEnd(property, ending), found(property)),
      now: (run: () => string) => {
        try {
          return atEnd(property, run());
        } catch (error) {
          return found(property)(error);
        }
      },
      /** The unit with the choices that were made. */
      scheduled: (of: Unit): Unit => {
        const { choices } = scheduler as Partial<ChoosingScheduler>;
        return choices === undefined ? { ...of, choices: undefined } : { ...of, choices: [...choices] };
      },
    };
  }

  // --- passes

  smallest(first: Failure): Failure {
    this.best = first;
    this.tryFamiliar();
    this.shrinkWorld(roomFirst);
    for (let before = ''; before !== this.size() && this.left > 0;) {
      before = this.size();
      this.dropPages();
      this.dropOperations();
      this.narrowMoves();
      this.simplerOperations();
      this.shrinkWorld();
      this.renumber();
      this.dropFaults();
    }
    this.shortenChoices();
    return this.best;
  }
  private size(): string {
    const { unit, ops } = this.best;
    return JSON.stringify([ops, unit.spec]);
  }

  /** Whether the candidate fails too, in the order at hand or in a simpler one. It is the best from then on. */
  private accept(candidate: Candidate): boolean {
    if (this.left <= 0 || !balanced(candidate.ops, candidate.unit)) return false;
    const limit = 2 * this.best.messages + 1000;
    for (const unit of ordersOf(candidate.unit)) {
      if (this.left <= 0) return false;
      const failure = this.attempt({ ...candidate, unit }, limit);
      if (failure === null) continue;
      this.best = failure;
      return true;
    }
    return false;
  }
  private acceptOps(ops: Candidate['ops']): boolean {
    return this.accept({ unit: this.best.unit, ops });
  }

  /**
   * Most of what goes wrong does so to one page that is moved out, balanced and touched: those scripts are tried first, and
   * taken where they make the very same complaint.
   */
  private tryFamiliar(): void {
    const { unit, ops, violation } = this.best;
    const complaint = violation.message.replaceAll(/\d+/g, 'N');
    for (const text of FAMILIAR) {
      const script = text.map((words) => present(parseOperation(words), words));
      const before = this.best;
      const accepted = this.accept({ unit, ops: ops.map((_, vcpu) => (vcpu === 0 ? script : [])) });
      if (!accepted) continue;
      const same = this.best.violation.message.replaceAll(/\d+/g, 'N') === complaint;
      if (same && this.best.messages < before.messages) return;
      this.best = before;
    }
  }

  private dropPages(): void {
    const pages = [...pagesIn(this.best.ops)];
    for (let size = pages.length >> 1; size >= 1; size >>= 1) {
      for (let at = pages.length - size; at > -size; at -= size) {
        const chunk = new Set(pages.slice(Math.max(0, at), at + size));
        const without = this.best.ops.map((list) =>
          list.filter(({ word, gvpn }) => reach(word) !== 1 || !chunk.has(gvpn)),
        );
        const fewer = count(without) < count(this.best.ops);
        if (fewer) this.acceptOps(without);
      }
    }
  }

  private dropOperations(): void {
    const { ops } = this.best;
    ops.forEach((_, vcpu) => {
      const list = () => this.best.ops[vcpu]!;
      for (let size = list().length; size >= 1; size = size >> 1) {
        for (let at = list().length - size; at > -size; at -= size) {
          const shorter = list().toSpliced(Math.max(0, at), Math.min(size, size + at));
          if (shorter.length < list().length) this.acceptOps(this.best.ops.with(vcpu, shorter));
        }
      }
    });
    this.dropHandovers();
  }

  /** A handover and the await that it ends go together. */
  private dropHandovers(): void {
    const own = this.best.unit.shape.vcpuVnodes.length;
    for (let vcpu = 0; vcpu < this.best.ops.length; vcpu++) {
      for (let at = this.best.ops[vcpu]!.length - 1; at >= 0; at--) {
        const op = this.best.ops[vcpu]![at];
        if (!op || operationOf(op.word) !== operation.handover) continue;
        const to = Math.floor(vcpu / own) * own + argumentOf(op.word);
        const other = this.best.ops[to]!;
        const awaits = other.findIndex(({ word }) => operationOf(word) === operation.await);
        const without = this.best.ops.with(vcpu, this.best.ops[vcpu]!.toSpliced(at, 1));
        if (awaits >= 0) this.acceptOps(without.with(to, other.toSpliced(awaits, 1)));
      }
    }
  }

  /** `move 0..5 to 1` to `move 3 to 1`, where that is enough. */
  private narrowMoves(): void {
    this.best.ops.forEach((list, vcpu) => {
      list.forEach(({ word, gvpn }, at) => {
        const pages = operationOf(word) === operation.bulkMove ? reach(word) : 0;
        if (pages <= 1) return;
        const vnode = argumentOf(word) % BULK_VNODES;
        for (let page = 0; page < pages; page++) {
          const one = { word: encode(operation.bulkMove, vnode + BULK_VNODES), gvpn: gvpn + page };
          if (this.acceptOps(this.best.ops.with(vcpu, this.best.ops[vcpu]!.with(at, one)))) break;
        }
      });
    });
  }

  /** Pages are numbered from 0 on. */
  private renumber(): void {
    const pages = [...pagesIn(this.best.ops)].sort((a, b) => a - b);
    const isDense = pages.every((page, index) => page === index);
    const moves = this.best.ops.flat().some(({ word }) => reach(word) > 1);
    if (isDense || moves) return;
    const ops = this.best.ops.map((list) =>
      list.map(({ word, gvpn }) => ({ word, gvpn: reach(word) === 0 ? 0 : pages.indexOf(gvpn) })),
    );
    this.acceptOps(ops);
  }

  private shrinkWorld(by = simplifications): void {
    for (const smaller of by) {
      for (let goOn = true; goOn;) {
        const candidate = smaller(this.best);
        goOn = candidate !== null && this.accept(candidate);
      }
    }
    // A burst is one message: more of them at once make fewer messages.
    const { unit, ops } = this.best;
    if (unit.spec.burst < 64) this.acceptShorter({ unit: withSpec(unit, { burst: 64 }), ops });
  }

  /**
   * Something simpler in place of an operation: an order to move a page out, or a touch; while the guest balances by hint
   * faults, an order to move a page.
   */
  private simplerOperations(): void {
    if (count(this.best.ops) > SIMPLER_MAX) return;
    const { spec, shape } = this.best.unit;
    const orders = Array.from({ length: shape.vnodes }, (_, vnode) => vnode + BULK_VNODES);
    const simpler = [
      encodeCommand(command.pageout, 0),
      ...(spec.policy.hintPages === 0
        ? [encode(operation.read, 0)]
        : orders.map((order) => encode(operation.bulkMove, order))),
    ];
    this.best.ops.forEach((_, vcpu) => {
      for (let at = 0; at < this.best.ops[vcpu]!.length; at++) {
        for (const word of simpler) {
          for (const gvpn of pagesIn(this.best.ops)) {
            const { ops, unit } = this.best;
            if (reach(ops[vcpu]![at]!.word) === 1)
              this.acceptShorter({ unit, ops: ops.with(vcpu, ops[vcpu]!.with(at, { word, gvpn })) });
          }
        }
      }
    });
  }
  /** As `accept`, where no operation goes: only if there are fewer messages then. */
  private acceptShorter(candidate: Candidate): void {
    const before = this.best;
    if (this.accept(candidate) && this.best.messages >= before.messages) this.best = before;
  }

  private dropFaults(): void {
    const faultsOf = () => (this.best.unit.spec as { faults?: unknown }).faults;
    if (!Array.isArray(faultsOf())) return;
    for (let at = (faultsOf() as unknown[]).length - 1; at >= 0; at--) {
      const faults = (faultsOf() as unknown[]).toSpliced(at, 1);
      this.accept({ unit: withSpec(this.best.unit, { faults } as Partial<WorldSpec>), ops: this.best.ops });
    }
  }

  /** Fewer choices, and as many fair ones (0) as can be: where the list has ended all are. */
  private shortenChoices(): void {
    const choices = () => this.best.unit.choices ?? [];
    const tryChoices = (list: readonly number[]): boolean => {
      if (this.left <= 0) return false;
      const unit = { ...this.best.unit, choices: list };
      const failure = this.attempt({ unit, ops: this.best.ops }, 2 * this.best.messages + 1000);
      if (failure === null) return false;
      this.best = { ...failure, unit };
      return true;
    };
    for (let size = choices().length >> 1; size >= 1; size >>= 1) {
      while (choices().length >= size && tryChoices(choices().slice(0, -size)));
    }
    for (let size = choices().length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at < choices().length; at += size) {
        const fair = choices().map((choice, i) => (i >= at && i < at + size ? 0 : choice));
        if (
          choices()
            .slice(at, at + size)
            .some((choice) => choice !== 0)
        )
          tryChoices(fair);
      }
    }
    const last = choices().findLastIndex((choice) => choice !== 0);
    if (choices().length > last + 1) tryChoices(choices().slice(0, last + 1));
  }
}

/** In virtual time, in fair order, as it is, in a few random orders: the simplest that fails is taken. */
function* ordersOf(unit: Unit): Generator<Unit> {
  const isTimed = unit.scheduler === 'timed' && unit.choices === undefined;
  yield { ...unit, scheduler: 'timed', choices: undefined };
  if (isTimed) return;
  yield { ...unit, choices: [] };
  if (unit.choices) yield unit;
  for (const seed of RANDOM_SEEDS) yield { ...unit, scheduler: 'random', seed, choices: undefined };
}

function atEnd(property: Property | undefined, ending: string): Violation | null {
  if (ending === 'at rest') property?.atRest();
  return property?.violation ?? null;
}
function found(property: Property | undefined) {
  return (error: unknown): Violation | null => {
    if (error === FOUND) return property!.violation;
    throw error;
  };
}
