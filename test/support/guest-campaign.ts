// Random exploration of one guest variant: many small worlds, many orders, scripts drawn at random. Every property that the
// protocol claims must hold; what was seen is counted, so that a test can ask that the interesting case happened.
import { eventKinds, type EventKind, type TraceEvent } from '../../src/model/events.ts';
import type { WorldSpec } from '../../src/model/spec.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { monitors, type Property } from '../../src/properties/index.ts';
import type { Observers } from '../../src/properties/property.ts';
import { pageTable } from '../../machines/index.ts';
import type { Protocol } from '../../src/protocols/index.ts';
import { explore, type Order, type Small, smallWorld, type SmallRun } from './small-world.ts';
import { type Mix, randomScripts, written } from './random-scripts.ts';
import { tight } from './small-workloads.ts';

export interface Campaign {
  /** What was violated or went wrong, with the run that showed it. */
  wrong: string[];
  /** Events by kind, and whatever `count` says. */
  seen: Map<string, number>;
}

export function orderOf(index: number): Order {
  const seed = index + 1;
  return ([{ kind: 'random', seed }, { kind: 'pct', seed }, { kind: 'timed' }] as const)[index % 3]!;
}

/** World number `index`: neighbours differ in as much as possible. Room enough, so that no vCPU runs out of Gfns. */
export function worldOf(index: number, small: Small): WorldSpec {
  const drawn: Small = {
    far: index % 2 === 1,
    nodes: index % 5 === 4 ? 3 : 2,
    vcpus: 2 + (index % 3 === 2 ? 1 : 0),
    frames: 4 + (index % 3),
    listCapacity: index % 4 === 3 ? 2 : 8,
    prefetch: index % 3,
    heldFault: index % 7 === 3 ? 'convert' : 'refuse',
    guests: index % 11 === 10 ? 2 : 1,
    ...small,
  };
  const tightened = tight(drawn, 4);
  // Memory that was given back must not be missed: half as many Gfns again, and the slots that go with them.
  const gfns = 2 * tightened.gfns!;
  const slots = tightened.slots! + (drawn.guests ?? 1) * (drawn.nodes ?? 2) * tightened.gfns!;
  return smallWorld({ ...tightened, gfns, slots, ...small });
}

export function guestCampaign(
  protocol: Protocol,
  runs: number,
  mix: Mix | readonly Mix[],
  small: Small,
  {
    limit = 200_000,
    operations = 60,
    /** Number of the first world. */
    first = 0,
    /** A guest whose accesses are not judged: it may hurt itself. */
    hostile = -1,
    /** The campaign is over when something that says so went wrong. */
    until = null as RegExp | null,
    count = (_e: TraceEvent, _saw: (what: string) => void): void => {},
  } = {},
): Campaign {
  const seen = new Map<string, number>();
  const saw = (what: string) => void seen.set(what, (seen.get(what) ?? 0) + 1);
  const watch = (e: TraceEvent) => {
    saw(eventKinds[e.kind]!);
    count(e, saw);
  };
  const on = Object.fromEntries(eventKinds.map((kind) => [kind, watch])) as Record<EventKind, typeof watch>;
  const wrong: string[] = [];
  for (let index = first; index < first + runs; index++) {
    if (until !== null && wrong.some((what) => until.test(what))) break;
    const spec = worldOf(index, small);
    const scripts = randomScripts(spec, index + 1, mix, { operations });
    let done: SmallRun;
    // Monitors that outlive a run that breaks off, where something is meant to break.
    const judges = hostile < 0 && until === null ? [] : judgesOf(spec, hostile);
    try {
      const observing = [{ on }, ...judges];
      done = explore(spec, protocol, written(scripts), orderOf(index), { limit, observing });
    } catch (error) {
      wrong.push(`run ${index}: ${(error as Error).message}`);
      for (const { judge } of judges)
        if (judge.violation) wrong.push(`run ${index}: ${judge.name}: ${judge.violation.message}`);
      continue;
    }
    const claims: readonly string[] = protocol.claims;
    if (done.ending === 'at rest') for (const { judge } of judges) judge.atRest();
    const violations =
      hostile < 0
        ? done.violations
        : judges.flatMap(({ judge }) => (judge.violation ? [judge.violation] : []));
    for (const { property, message } of violations)
      if (claims.includes(property)) wrong.push(`run ${index}: ${property}: ${message}`);
    if (done.ending !== 'at rest') wrong.push(`run ${index}: ended at its ${done.ending}`);
  }
  return { wrong, seen };
}

/** What a hostile guest writes over its own page words is no transition that anybody announces. */
const LIFE_KINDS: readonly string[] = [
  'page',
  'born',
  'died',
  'left',
  'entered',
  'tampered',
  'illegal',
  'began',
  'ended',
];
const ACCESS_KINDS: readonly string[] = ['read', 'wrote', 'freed', 'poisonChecked', 'inspected'];

/** Every monitor, blind to what the vCPUs of one guest see and write. */
function judgesOf(spec: WorldSpec, hostile: number): { judge: Property; on: Observers }[] {
  const geometry = new Geometry(spec);
  return monitors({ geometry, page: pageTable, totalOrder: true }).map((judge) => ({
    judge,
    on: Object.fromEntries(
      Object.entries(judge.on).map(([kind, observer]) => [
        kind,
        ACCESS_KINDS.includes(kind)
          ? (e: TraceEvent) => {
              if (geometry.vcpuGuest[e.id] !== hostile) observer(e);
            }
          : judge.name === 'legal-lifecycle' && LIFE_KINDS.includes(kind)
            ? (e: TraceEvent) => {
                if (geometry.guestOf(e.gfn) !== hostile) observer(e);
              }
            : observer,
      ]),
    ),
  }));
}
