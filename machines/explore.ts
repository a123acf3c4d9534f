// An XState machine as a part of a system that is searched exhaustively: its state value and context are one plain value,
// an event is a pure step from value to value. Unlike `compile` it takes machines with guards, context, assignments,
// eventless transitions and parallel regions, so also ours as somebody extended them. What goes on beside the machine has
// no place in a step: invoked actors, delays, spawning and sending are refused.
import {
  type AnyStateMachine,
  type ContextFrom,
  type EventFromLogic,
  initialTransition,
  type StateValueFrom,
  transition,
} from 'xstate';

export interface MachineValue<M extends AnyStateMachine = AnyStateMachine> {
  readonly value: StateValueFrom<M>;
  readonly context: ContextFrom<M>;
}

export interface MachinePart<M extends AnyStateMachine = AnyStateMachine> {
  initial: MachineValue<M>;
  /** Types of the events that the machine mentions. */
  events: readonly EventFromLogic<M>['type'][];
  /** The value after an event, or null where the machine does not take it. */
  step(value: MachineValue<M>, event: EventFromLogic<M> | { type: string }): MachineValue<M> | null;
  /** Whether the machine is in the state `path`, nested names joined by dots. */
  matches(value: MachineValue<M>, path: string): boolean;
}

/** Actions that a step may list without having an effect on anything modelled. */
const HARMLESS = new Set(['xstate.log', 'xstate.emit', 'xstate.cancel']);

/**
 * @param input for a machine that makes its first context from one
 * @throws Error where the machine does what a step cannot: at once, or in the step where it is seen
 */
export function partOf<M extends AnyStateMachine>(machine: M, input?: unknown): MachinePart<M> {
  refuse(machine, machine.root);
  type Stepped = ReturnType<typeof initialTransition>;
  const valueAfter = ([snapshot, actions]: Stepped, where: string): MachineValue<M> => {
    const { status, children, value, context, error } = snapshot as unknown as {
      status: string;
      children: object;
      value: StateValueFrom<M>;
      context: ContextFrom<M>;
      error: unknown;
    };
    if (status === 'error')
      throw new Error(`machine ${machine.id}, ${where}: ${String(error)}`, { cause: error });
    if (Object.keys(children).length > 0)
      throw new Error(`machine ${machine.id}, ${where}: starts an actor, which a step cannot hold`);
    for (const { type } of actions)
      if (type.startsWith('xstate.') && !HARMLESS.has(type))
        throw new Error(`machine ${machine.id}, ${where}: ${type}, which has no place in a step`);
    return { value, context };
  };
  return {
    initial: valueAfter(initialTransition(machine as AnyStateMachine, input), 'at its start'),
    events: machine.events as EventFromLogic<M>['type'][],
    step({ value, context }, event) {
      const snapshot = machine.resolveState({ value, context });
      if (!snapshot.can(event)) return null;
      const where = `event ${(event as { type: string }).type}`;
      let stepped: Stepped;
      try {
        stepped = transition(machine as AnyStateMachine, snapshot, event as never);
      } catch (cause) {
        throw new Error(`machine ${machine.id}, ${where}: ${String(cause)}`, { cause });
      }
      return valueAfter(stepped, where);
    },
    matches: ({ value }, path) => {
      let at: unknown = value;
      const names = path.split('.');
      return names.every((name, i) => {
        if (typeof at === 'string') return i === names.length - 1 && at === name;
        const inside = (at as Record<string, unknown> | undefined)?.[name];
        at = inside;
        return inside !== undefined;
      });
    },
  };
}

function refuse(machine: AnyStateMachine, node: AnyStateMachine['root']): void {
  const because = (what: string): never => {
    throw new Error(`machine ${machine.id}: ${node.id} has ${what}, which cannot be explored step by step`);
  };
  if (node.invoke.length > 0) because('an invoked actor');
  if (node.after.length > 0) because('a delayed transition (after)');
  if (node.type === 'history') because('a history state, whose memory is not in its value');
  for (const child of Object.values(node.states)) refuse(machine, child);
}
