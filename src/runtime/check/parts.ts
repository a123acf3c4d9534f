// Small systems in one's own words: named parts with finitely many local states, and actions that are pure functions of the
// parts they touch. From this the checker makes tables: an action is called once for each combination of values that it
// meets (twice, to catch impurity), however many states of the whole system have that combination.
//
//   const lamp = defineSystem({
//     name: 'lamp',
//     parts: { lamp: part<'on' | 'off'>('off'), people: interchangeable<'in' | 'out'>(2, 'out') },
//     actions: (on) => ({
//       enter: on(['lamp', 'people'], ({ people }) => (people === 'out' ? { people: 'in', lamp: 'on' } : null)),
//     }),
//     invariants: (all) => ({ lit: all(['lamp', 'people'], (s) => s.people === 'out' || s.lamp === 'on') }),
//     end: (all) => all(['people'], (s) => s.people === 'in'),
//   });
//
// A step sees values only, never which replica has them: that is why interchangeable replicas may be sorted.
import { System } from './system.ts';

export interface Part<Value> {
  /** By replica. */
  readonly initial: readonly Value[];
  readonly replicated: boolean;
  /** Replicas may be exchanged for each other without a difference. */
  readonly interchangeable: boolean;
}

/** A part of which there is one. */
export function part<const Value>(initial: Value): Part<Value> {
  return { initial: [initial], replicated: false, interchangeable: false };
}
/** `count` parts alike; an action that touches the name is tried on each. They may begin differently. */
export function replicas<const Value>(count: number, initial: (index: number) => Value): Part<Value> {
  const all = Array.from({ length: count }, (_, index) => initial(index));
  return { initial: all, replicated: true, interchangeable: false };
}
/** `count` parts alike that begin alike. States that differ only by who is who count as one. */
export function interchangeable<const Value>(count: number, initial: Value): Part<Value> {
  return { initial: Array.from({ length: count }, () => initial), replicated: true, interchangeable: true };
}

// oxlint-disable-next-line typescript/no-explicit-any -- any value a part may have
export type Parts = Record<string, Part<any>>;
type ValueOf<P> = P extends Part<infer Value> ? Value : never;

/** Parts by name, or by a role each where two replicas of one part meet: `{ one: 'fork', other: 'fork' }`. */
export type Touches<P extends Parts> =
  readonly (keyof P & string)[] | Readonly<Record<string, keyof P & string>>;
export type Touched<P extends Parts, T extends Touches<P>> = T extends readonly (keyof P)[]
  ? { readonly [K in T[number]]: ValueOf<P[K]> }
  : { readonly [Role in keyof T]: T[Role] extends keyof P ? ValueOf<P[T[Role]]> : never };

/** The parts that change; several outcomes where the action has a choice; null where it is not possible. */
export type Outcome<V> = Partial<V> | readonly Partial<V>[] | null;

/** What the definition functions are given to make actions and predicates with. */
export interface Action {
  readonly touches: Touches<Parts>;
  readonly step: (values: never) => unknown;
  /** Weakly fair: enabled for ever means taken again. False for what may happen but need not. */
  readonly fair: boolean;
}
export interface Predicate {
  readonly touches: Touches<Parts>;
  readonly holds: (values: never) => boolean;
}
export type On<P extends Parts> = <const T extends Touches<P>>(
  touches: T,
  step: (values: Touched<P, T>) => Outcome<Touched<P, T>>,
  options?: { fair?: boolean },
) => Action;
export type Over<P extends Parts> = <const T extends Touches<P>>(
  touches: T,
  holds: (values: Touched<P, T>) => boolean,
) => Predicate;

export interface Definition<P extends Parts> {
  name: string;
  parts: P;
  actions: (on: On<P>) => Record<string, Action>;
  /** Hold in every state, for every choice of replicas. */
  invariants?: (all: Over<P>) => Record<string, Predicate>;
  /** Where the system may rest: a state with no action possible that is not an end is a deadlock. */
  end?: (all: Over<P>) => Predicate;
  /** What must not last for ever, for any choice of replicas, while actions are fair. At most 31 in all. */
  pending?: (any: Over<P>) => Record<string, Predicate>;
}

/**
 * One action for each event of a machine whose value the part `name` holds (`partOf` of the machines): the event comes
 * whenever the machine can take it.
 */
export function eventActions<P extends Parts, Name extends keyof P & string>(
  on: On<P>,
  name: Name,
  life: {
    events: readonly string[];
    step: (value: ValueOf<P[Name]>, event: { type: string }) => ValueOf<P[Name]> | null;
  },
): Record<string, Action> {
  const step = (type: string) => (values: Touched<P, readonly [Name]>) => {
    const next = life.step((values as unknown as Record<string, ValueOf<P[Name]>>)[name]!, { type });
    return (next && { [name]: next }) as Outcome<Touched<P, readonly [Name]>>;
  };
  return Object.fromEntries(life.events.map((type) => [type, on([name] as const, step(type))]));
}

/** @throws Error where a part is named that there is not, or too many things are pending */
export function defineSystem<P extends Parts>(definition: Definition<P>): System {
  const on: On<P> = (touches, step, { fair = true } = {}) => ({ touches, step, fair });
  const over: Over<P> = (touches, holds) => ({ touches, holds });
  const { actions, invariants, end, pending } = definition;
  refuseOtherForms({ actions, invariants, end, pending });
  return new System({
    name: definition.name,
    parts: definition.parts,
    actions: made('actions', definition.actions(on)),
    invariants: made('invariants', definition.invariants?.(over) ?? {}),
    end: definition.end?.(over) ?? null,
    pending: made('pending', definition.pending?.(over) ?? {}),
  });
}

const FORMS = {
  actions: "actions: (on) => ({ NAME: on(['PART'], ({ PART }) => ({ PART: 'next' })) })",
  invariants: "invariants: (all) => ({ NAME: all(['PART'], ({ PART }) => true) })",
  end: "end: (all) => all(['PART'], ({ PART }) => true)",
  pending: "pending: (any) => ({ NAME: any(['PART'], ({ PART }) => true) })",
} as const;

/** From JavaScript anything may come: what is guessed most easily is an object of functions. */
function refuseOtherForms(definition: Readonly<Record<keyof typeof FORMS, unknown>>): void {
  for (const key of ['actions', 'invariants', 'end', 'pending'] as const) {
    const given = definition[key];
    if (typeof given === 'function' || (given === undefined && key !== 'actions')) continue;
    throw new Error(
      `${key} is ${given === null ? 'null' : typeof given}, expected a function: ${FORMS[key]}`,
    );
  }
}

function made<Made extends Action | Predicate>(
  key: 'actions' | 'invariants' | 'pending',
  all: Record<string, Made>,
): Record<string, Made> {
  for (const [name, one] of Object.entries<unknown>(all))
    if (typeof one !== 'object' || one === null || !('touches' in one))
      throw new Error(`'${name}' of ${key} names no parts, expected as in ${FORMS[key]}`);
  return all;
}
