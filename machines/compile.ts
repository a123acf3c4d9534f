// From machine to table. The table is got by *executing* the machine once for every (state, event), so the two cannot
// differ in what they mean; a step of an actor is then one look-up of some nanoseconds, where `transition()` takes
// microseconds. Machines must be finite and plain: no guards, no context, no actions, no parallel regions.
import {
  initialTransition,
  transition,
  type AnyStateMachine,
  type EventFromLogic,
  type StateValueFrom,
} from 'xstate';

/** What actors and monitors step. Plain data but for the name maps: it crosses to a worker as it is. */
export interface Table<State extends string = string, Event extends string = string> {
  id: string;
  /** State names, nested ones as `parent.child`; the index is the state's number. */
  states: readonly State[];
  events: readonly Event[];
  /** Number of each state and event by name. */
  state: Readonly<Record<State, number>>;
  event: Readonly<Record<Event, number>>;
  initial: number;
  /** `next[state * events.length + event]`, -1 where the machine refuses the event. */
  next: Int8Array;
}

/** What a table's cells have room for. */
const STATES_MAX = 127;

type EventName<M extends AnyStateMachine> = EventFromLogic<M>['type'];

/** Names of the leaf states of a machine whose nesting is at most two levels, by type. */
type Flat<Value> = Value extends string
  ? Value
  : { [K in keyof Value & string]: `${K}.${Extract<Value[K], string>}` }[keyof Value & string];
/** A compound state is named by its leaf, so its bare name (which XState's type also offers) is left out. */
type Compound<Value> = Value extends string ? never : keyof Value & string;
export type LeafName<M extends AnyStateMachine> = Exclude<
  Flat<StateValueFrom<M>>,
  Compound<StateValueFrom<M>>
>;

/** The name of a state value: `parent.child`, and regions side by side as `a.x & b.y`. */
export function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([parent, child]) => `${parent}.${nameOf(child)}`)
    .join(' & ');
}

function leaves(node: AnyStateMachine['root'], prefix: string): string[] {
  return Object.values(node.states).flatMap((child) =>
    child.type === 'compound' ? leaves(child, `${prefix}${child.key}.`) : [`${prefix}${child.key}`],
  );
}

/** Whatever a table could not say is refused here, rather than left out of it in silence. */
function refuseUnlessPlain(machine: AnyStateMachine, node: AnyStateMachine['root']): void {
  const refuse = (what: string): never => {
    throw new Error(`machine ${machine.id}: ${node.id} has ${what}, which cannot be tabulated`);
  };
  if (node.type === 'parallel') refuse('parallel states');
  if (node.type === 'history') refuse('a history state');
  if (node.entry.length + node.exit.length > 0) refuse('entry or exit actions');
  if (node.invoke.length > 0) refuse('an invoked actor');
  if ((node.always ?? []).length > 0) refuse('eventless transitions');
  for (const [type, transitions] of node.transitions) {
    if (type.includes('*')) refuse('a wildcard transition');
    for (const { guard, actions } of transitions) {
      if (guard !== undefined) refuse(`a guard on ${type}`);
      if (actions.length > 0) refuse(`actions on ${type}`);
    }
  }
  for (const child of Object.values(node.states)) refuseUnlessPlain(machine, child);
}

export function valueOf(name: string): string | Record<string, unknown> {
  const [parent, ...rest] = name.split('.');
  return rest.length === 0 ? parent! : { [parent!]: valueOf(rest.join('.')) };
}

/**
 * @param machine finite, without guards, context and actions
 * @returns its table; states in order of definition, events in order of first mention
 * @throws Error where the machine cannot be tabulated
 */
export function compile<M extends AnyStateMachine>(machine: M): Table<LeafName<M>, EventName<M>> {
  if (machine.config.context !== undefined)
    throw new Error(`machine ${machine.id} has context, which cannot be tabulated`);
  refuseUnlessPlain(machine, machine.root);
  const states = leaves(machine.root, '');
  if (states.length > STATES_MAX)
    throw new Error(`machine ${machine.id} has ${states.length} states, expected at most ${STATES_MAX}`);
  const events = machine.events as string[];
  const [start] = initialTransition(machine as AnyStateMachine);
  const next = new Int8Array(states.length * events.length).fill(-1);
  states.forEach((name, row) => {
    const snapshot = machine.resolveState({ value: valueOf(name), context: {} } as never);
    events.forEach((type, column) => {
      const event = { type } as never;
      if (!snapshot.can(event)) return;
      const [after] = transition(machine as AnyStateMachine, snapshot, event);
      next[row * events.length + column] = states.indexOf(nameOf(after.value));
    });
  });
  const numbered = (names: string[]) => Object.fromEntries(names.map((name, index) => [name, index]));
  return {
    id: machine.id,
    states,
    events,
    state: numbered(states),
    event: numbered(events),
    initial: states.indexOf(nameOf(start.value)),
    next,
  } as unknown as Table<LeafName<M>, EventName<M>>;
}

/** The state after `event`, or -1 when the machine refuses it. */
export function step(table: Table, state: number, event: number): number {
  return table.next[state * table.events.length + event]!;
}
