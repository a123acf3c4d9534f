// Searches a small world exhaustively: every order, every choice within the bounds, all monitors; then liveness. What it
// finds is told as a path of choices and as a run that `replay` makes again.
import type { Parts } from '../../actors/index.ts';
import { checkLiveness, type LivenessResult } from '../../runtime/check/liveness.ts';
import { ParallelSearch, type SearchPool } from '../../runtime/check/parallel.ts';
import {
  type Checkpoint,
  type Progress,
  type SearchResult,
  Search,
  type Violation,
} from '../../runtime/check/search.ts';
import type { Unit } from '../unit.ts';
import { unitOfPath } from './counterexample.ts';
import type { Bounds } from './environment.ts';
import { type Requests, requestsIn } from './requests.ts';
import { NotCommuting } from './own-affairs.ts';
import { tell } from './told.ts';
import { NotAlike } from './twins.ts';
import { WorldLog } from './world-log.ts';
import { type WorldParts, worldSource } from './world-source.ts';
import { type Choice, type Watched, WorldSystem } from './world-system.ts';

export interface CheckWorldOptions {
  /** Wall time in ms, from whoever may look at the clock. */
  clockMs?: () => number;
  timeLimitMs?: number;
  /** Most states, and most bytes of the visited set. */
  states?: number;
  memoryBytes?: number;
  progress?: (progress: Progress) => void;
  /** False: every order is searched, also those of steps that commute. */
  reduces?: boolean;
  /** False: states that differ only by an exchange of things that are alike are told apart. */
  symmetry?: boolean;
  /** False: a way to what was found with the reduction will do, shortest or not. */
  shortest?: boolean;
  /** False: only what must never happen is looked for, not whether everything ends. */
  liveness?: boolean;
  /** Who judges, where it is not the protocol's claims alone; of one thread. */
  watched?: Watched;
  from?: Checkpoint;
  /** What the parts were altered by, for telling checkpoints apart. */
  seeded?: string;
}

export interface CheckedWorld {
  /** Every state within the bounds was seen, and whether everything ends could be answered where it was asked. */
  complete: boolean;
  pass: boolean;
  states: number;
  transitions: number;
  /** Steps from the start to the farthest state. */
  depth: number;
  /** What is alike, in words: states that differ only by an exchange of it count as one. */
  alike: readonly string[];
  boundedBy?: 'states' | 'memory' | 'time';
  /** Steps of actors, and pictures of monitors, that were computed; all others were looked up. */
  computed: { steps: number; pictures: number };
  /** Bytes of the visited set with its traces, and of the interned parts and tables. */
  bytes: { states: number; parts: number };
  /** Whether everything that waits is served, in every fair run; null: not asked. */
  live: boolean | null;
  /** Whether any request was accepted, in any order; null: the search is not complete, or found a violation. */
  requests: Requests | null;
  violation?: FoundViolation;
}

export interface FoundViolation {
  kind: Violation['kind'];
  /** `I8-shootdown`; of a deadlock or a starvation what waits. */
  property: string;
  /** What was seen, in one sentence. */
  message: string;
  choices: Choice[];
  /** Of a starvation: from which choice on the rest repeats for ever. */
  cycleFrom?: number;
  /** No path within the bounds is shorter: where steps were taken alone it was looked for without that as well. */
  shortest: boolean;
}

/** The search under way, for whoever wants to stop and save it. */
export class WorldCheck {
  system!: WorldSystem;
  search!: Search;
  private readonly unlike = new Set<string>();
  /** Whether what vCPUs do by themselves is taken alone. */
  private takesAffairs = true;
  private readonly parts: Parts;
  private readonly bounds: Bounds;
  private readonly options: CheckWorldOptions;
  private readonly crew: SearchCrew | undefined;

  /** @param crew threads that search together; left out: this one alone */
  constructor(parts: Parts, bounds: Bounds, options: CheckWorldOptions = {}, crew?: SearchCrew) {
    this.parts = parts;
    this.bounds = bounds;
    this.options = options;
    this.crew = crew;
    this.begin(options.from);
  }
  private begin(from?: Checkpoint): void {
    const { parts, bounds, options, crew } = this;
    if (from) this.takesAffairs = WorldLog.takesAffairs(from.learned);
    const system = (this.system = new WorldSystem(parts, bounds, crew && 'new', options.watched));
    system.reduces = options.reduces !== false;
    system.affairs.areTaken = this.takesAffairs;
    const { reduces } = system;
    const seeks = options.symmetry !== false;
    system.hash += ` ${reduces} ${seeks} ${options.seeded ?? ''}`;
    // A checkpoint of another search is refused when it is taken up.
    if (from?.header.hash === system.hash && seeks)
      for (const name of system.unlikeIn(from.learned)) this.unlike.add(name);
    if (seeks) system.useSymmetry(this.unlike);
    const left = { reduces, takesAffairs: this.takesAffairs, unlike: seeks ? this.unlike : null };
    const how = searchOptions(options);
    this.search =
      crew && system.shared
        ? new ParallelSearch(
            system,
            worldSource(crew.parts, bounds, left, system.shared),
            { ...how, waits: crew.waits === true },
            from,
          )
        : new Search(system, how, from);
  }

  /** Goes on for as long as the options say. @returns whether there is nothing more to search */
  advance(): boolean {
    for (;;)
      try {
        return isOver(this.search.run());
      } catch (error) {
        this.tellApart(error);
      }
  }
  /** Begins anew: what was found so far stands for too much. */
  private tellApart(error: unknown): void {
    if (error instanceof NotAlike) this.unlike.add(error.exchange);
    else if (error instanceof NotCommuting) this.takesAffairs = false;
    else throw error;
    this.begin();
  }
  /** The same with the crew, if there is one. */
  async advanceTogether(): Promise<boolean> {
    if (!this.crew) return this.advance();
    for (;;)
      try {
        const result = await (this.search as ParallelSearch).runWith(this.crew.pool);
        const unlike = this.system.unlike();
        if (unlike !== null) throw unlike;
        return isOver(result);
      } catch (error) {
        // What another thread throws comes as words.
        this.tellApart(this.system.unlike() ?? error);
      }
  }
  run(): CheckedWorld {
    this.advance();
    return this.conclude();
  }
  /** What was found so far; where the search is complete, whether everything ends. */
  conclude(): CheckedWorld {
    try {
      return this.concluded();
    } catch (error) {
      // A way is followed in steps that the search may have left out.
      this.tellApart(error);
      return this.run();
    }
  }
  private concluded(): CheckedWorld {
    const { system, search, options } = this;
    const result = search.result();
    const { steps, pictures, bytes } = system.effort;
    const checked: CheckedWorld = {
      complete: result.complete,
      pass: !result.violation,
      states: result.states,
      transitions: result.transitions,
      depth: result.depth,
      alike: system.alike,
      computed: { steps, pictures },
      bytes: { states: result.bytes, parts: bytes },
      live: null,
      requests: null,
    };
    if (result.boundedBy) checked.boundedBy = result.boundedBy;
    if (result.violation) checked.violation = this.shortest(result.violation);
    else if (result.complete && options.liveness !== false) {
      const [judged, liveness] = this.liveness();
      checked.live = liveness?.holds ?? null;
      if (liveness === null) {
        checked.complete = false;
        checked.boundedBy = 'memory';
      } else if (liveness.violation) {
        checked.pass = false;
        checked.violation = this.starved(judged, liveness.violation);
      }
    }
    if (checked.complete && checked.pass) checked.requests = requestsIn(system);
    return checked;
  }
  /**
   * Where nothing is owed for ever in states that stand for others, it is not in any. What seems to be may be owed to one first
   * and to the other then: that is asked of the states themselves.
   * @returns the search whose states were asked, and the answer; null: they were too many
   */
  private liveness(): [Search, LivenessResult | null] {
    const { system, search, parts, bounds, options } = this;
    const liveness = checkLiveness(search);
    if (liveness.holds || system.alike.length === 0) return [search, liveness];
    const plain = new WorldSystem(parts, bounds, undefined, options.watched);
    plain.reduces = system.reduces;
    plain.affairs.areTaken = this.takesAffairs;
    const { memoryBytes } = options;
    const again = new Search(plain, { writesSteps: true, ...(memoryBytes !== undefined && { memoryBytes }) });
    return [again, again.run().complete ? checkLiveness(again) : null];
  }

  /** With the reduction a path may go a longer way: the same is looked for once more without, no deeper than it was found. */
  private shortest(violation: Violation): FoundViolation {
    const { system, search, parts, bounds, options } = this;
    const found = this.told(search, violation, !system.reduces);
    if (!system.reduces || options.shortest === false) return found;
    const plain = new WorldSystem(parts, bounds, undefined, options.watched);
    plain.reduces = false;
    const again = new Search(plain, { states: AGAIN_STATES });
    const result = again.run();
    if (!result.violation) return found;
    return this.told(again, result.violation, true);
  }
  /** The same of what is owed for ever, which is asked of all states. */
  private starved(judged: Search, violation: Violation): FoundViolation {
    const { system, parts, bounds, options } = this;
    const found = this.told(judged, violation, !system.reduces);
    if (!system.reduces || options.shortest === false) return found;
    const plain = new WorldSystem(parts, bounds, undefined, options.watched);
    plain.reduces = false;
    const again = new Search(plain, { states: AGAIN_STATES, writesSteps: true });
    const shorter = again.run().complete ? checkLiveness(again).violation : undefined;
    return shorter ? this.told(again, shorter, true) : found;
  }
  private told(search: Search, violation: Violation, shortest: boolean): FoundViolation {
    const { kind } = violation;
    const { choices, name } = tell(search, violation);
    const [property, ...rest] = name.split(': ');
    return {
      kind,
      property: rest.length > 0 ? property! : kind,
      message: rest.length > 0 ? rest.join(': ') : name,
      choices,
      shortest,
      ...(violation.cycleFrom === undefined ? {} : { cycleFrom: violation.cycleFrom }),
    };
  }
  /** The path as a run of the simulator. */
  unitOf({ choices }: FoundViolation, protocol: string, flaws: readonly string[] = []): Unit {
    return unitOfPath(this.parts, protocol, flaws, choices, this.bounds);
  }
}

function isOver({ complete, violation, boundedBy }: SearchResult): boolean {
  return complete || violation !== undefined || boundedBy !== 'time';
}

export interface SearchCrew {
  pool: SearchPool;
  /** Nothing is searched before all of them are ready. */
  waits?: boolean;
  /** What another thread can make the world of. */
  parts: WorldParts;
}

/** States of the search without reduction for a shortest path. */
const AGAIN_STATES = 20_000_000;

function searchOptions({ clockMs, timeLimitMs, states, memoryBytes, progress, liveness }: CheckWorldOptions) {
  return {
    writesSteps: liveness !== false,
    ...(clockMs && { clockMs }),
    ...(timeLimitMs !== undefined && { timeLimitMs }),
    ...(states !== undefined && { states }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(progress && { progress }),
  };
}
