// The table with its names, for programs. The document is
//
//   { version: 1,                 goes up when something changes its meaning; keys may be added
//     id: string,                 the machine's
//     initial: string,            a state
//     states: string[],           where the machine can be; a nested one is 'parent.child'
//     events: string[],
//     transitions: [{ from: string, on: string, to: string }] }     a pair (from, on) that is not there is refused
//
// in the order of the machine's definition; several machines are a list of these.
import type { Table } from '../compile.ts';
import { stepsOf } from './tree.ts';

export function json(table: Table): string {
  const { id, states, events, initial } = table;
  const transitions = stepsOf(table).map(({ from, event, to }) => ({ from, on: event, to }));
  return `${JSON.stringify({ version: 1, id, initial: states[initial], states, events, transitions }, null, 2)}\n`;
}
