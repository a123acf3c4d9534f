// Two machines side by side: the pairs of state and event on which they differ. Nothing found: they are the same machine,
// whatever order their states are written in.
import type { AnyStateMachine } from 'xstate';
import { compile, step, type Table } from './compile.ts';

export interface Difference {
  /** null: what differs is the initial state. */
  state: string | null;
  event: string;
  /** State after it, null where the machine refuses the event; undefined where it has no such state. */
  before: string | null | undefined;
  after: string | null | undefined;
}

/** @returns by state and event of `before`, then of what only `after` has */
export function difference(before: AnyStateMachine | Table, after: AnyStateMachine | Table): Difference[] {
  const [old, changed] = [tableOf(before), tableOf(after)];
  const found: Difference[] = [];
  const [oldStart, start] = [old, changed].map((table) => table.states[table.initial]!);
  if (oldStart !== start) found.push({ state: null, event: 'xstate.init', before: oldStart, after: start });
  for (const state of new Set([...old.states, ...changed.states])) {
    for (const event of new Set([...old.events, ...changed.events])) {
      const [was, is] = [old, changed].map((table) => next(table, state, event));
      if ((was ?? null) !== (is ?? null)) found.push({ state, event, before: was, after: is });
    }
  }
  return found;
}

function tableOf(machine: AnyStateMachine | Table): Table {
  return 'next' in machine && machine.next instanceof Int8Array
    ? machine
    : (compile(machine as AnyStateMachine) as Table);
}

function next(table: Table, state: string, event: string): string | null | undefined {
  const from = table.state[state];
  if (from === undefined) return undefined;
  const on = table.event[event];
  return on === undefined ? null : (table.states[step(table, from, on)] ?? null);
}
