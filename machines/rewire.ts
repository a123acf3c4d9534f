// A machine with some of its transitions otherwise: for asking what would happen if. Whoever wants new states writes a machine
// with `setup().createMachine`, from our `config` or from nothing; the result of either goes to `verifyPageMachine`.
import { type AnyStateMachine, setup } from 'xstate';
import { compile } from './compile.ts';

/** By state (`parent.child`) and event: the state to go to, or null to refuse the event. */
export type Changes = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

interface Node {
  states?: Record<string, Node>;
  on?: Record<string, { target: string } | undefined>;
}

/**
 * @param machine plain, as `compile` wants it
 * @returns a new one; states that a change names must be there, events may be new
 */
export function rewire(machine: AnyStateMachine, changes: Changes): AnyStateMachine {
  const known = new Set<string>(compile(machine).states);
  const root = structuredClone(machine.config) as Node & { id?: string };
  root.id = machine.id;
  const checked = (name: string) => {
    if (known.has(name)) return name;
    throw new Error(`machine ${machine.id} has no state ${name}, only ${[...known].join(', ')}`);
  };
  for (const [state, on] of Object.entries(changes)) {
    const node = checked(state)
      .split('.')
      .reduce<Node>((parent, name) => parent.states![name]!, root);
    for (const [event, to] of Object.entries(on)) {
      // An undefined transition forbids what a state around this one would allow.
      node.on = { ...node.on, [event]: to === null ? undefined : { target: `#${root.id}.${checked(to)}` } };
    }
  }
  return setup({}).createMachine(root);
}
