// A flaw is a seeded bug: a mistake that somebody could make in this system, switched on by name, for showing that the
// properties see it. It changes the objects that were built; the actors themselves know nothing of flaws.
import type { Built } from '../actors/index.ts';
import type { FaultName } from '../model/faults.ts';
import type { ListPolicy } from '../model/list-policy.ts';
import type {
  HostPlans,
  Plan,
  PropertyName,
  Protocol,
  RequestView,
  PageView,
  HostView,
} from '../protocols/protocol.ts';

export interface Flaw {
  /** As it is typed on the command line. */
  name: string;
  /** What goes wrong, in one sentence. */
  sentence: string;
  /** Number of the race it is the losing end of, in `docs/patent.md`. */
  race?: number;
  /** The properties that may be the first to see it. */
  alarms: readonly PropertyName[];
  /** What a run must have for it to show; chance decides the rest. */
  needs?: Needs;
  apply(built: Built): void;
}

export interface Needs {
  protocols?: readonly string[];
  heldFault?: 'refuse' | 'convert';
  listCapacity?: number;
  /** The rest of the list's policy is then the plain one. */
  list?: Partial<ListPolicy>;
  batch?: number;
  prefetch?: number;
  /** The only faults, if any: others would hide it. */
  faults?: readonly FaultName[];
  /** A scenario in which it shows is in a litmus file; drawn ones hardly ever have it. */
  litmus?: boolean;
}

type MethodOf<T> = { [K in keyof T]: T[K] extends (...given: never[]) => unknown ? K : never }[keyof T];

/** Puts something else in place of a method of one object; it is handed the original. */
export function override<T extends object, K extends MethodOf<T>>(
  object: T,
  method: K,
  replace: (original: T[K]) => T[K],
): void {
  const original = (object[method] as (...given: unknown[]) => unknown).bind(object);
  object[method] = replace(original as T[K]);
}

/** Has host and guests follow a changed protocol. */
export function replan({ host, vcpus }: Built, change: (protocol: Protocol) => Partial<Protocol>): void {
  const changed = { ...host.protocol, ...change(host.protocol) };
  const { cache, references, relocation } = host;
  const all: readonly object[] = [host, cache, references, relocation, ...vcpus];
  for (const part of all as { protocol: Protocol }[]) part.protocol = changed;
}

/** Changes the steps of what the host does on its own account. */
export function replanned(
  protocol: Protocol,
  names: readonly (keyof HostPlans)[],
  change: (plan: Plan) => Plan,
) {
  return Object.fromEntries(names.map((name) => [name, change(protocol[name])])) as Partial<HostPlans>;
}

/** Changes the steps of what a balance request sets off. */
export function replannedRequests(protocol: Protocol, change: (plan: Plan) => Plan): Pick<Protocol, 'plan'> {
  return {
    plan(request: RequestView, page: PageView, host: HostView) {
      const plan = protocol.plan(request, page, host);
      return typeof plan === 'string' ? plan : change(plan);
    },
  };
}

/** The plan with a step taken from its place and put before another. */
export function before(plan: Plan, other: Plan[number], step: Plan[number]): Plan {
  const rest = plan.filter((word, index) => word !== step || index < plan.indexOf(other));
  return rest.includes(other) && plan.includes(step) ? rest.toSpliced(rest.indexOf(other), 0, step) : plan;
}

/** The plan without a step. */
export function without(plan: Plan, step: Plan[number]): Plan {
  return plan.filter((word) => word !== step);
}
