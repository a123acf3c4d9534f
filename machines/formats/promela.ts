// Promela, for Spin. One process, one loop, an option for each step; each option is one `atomic`, so that what Spin stores are
// exactly the machine's states. The event is `hidden`: it can be looked at and is no part of a state. To check:
//
//   spin -a page.pml && gcc -o pan pan.c && ./pan
//
// "states, stored" is then the number of states that can be reached, and an option that pan calls unreached never fires. With
// `gcc -DPRINTF` pan prints each step as it takes it. Names are a machine's own where Promela has no such word; all symbolic names
// of a model together may be 255.
import type { Table } from '../compile.ts';
import { quoted, stepsOf, words } from './tree.ts';

const RESERVED = new Set(
  (
    'active assert atomic bit bool break byte c_code c_decl c_expr c_state c_track chan D_proctype d_step do else empty ' +
    'enabled eval false fi for full get_priority goto hidden if in init inline int len local ltl mtype nempty never nfull ' +
    'notrace np_ nr_pr od of pc_value pid print printf printm priority proctype provided return run select set_priority ' +
    'short show skip STDIN timeout trace true typedef unless unsigned until weak eventually always stronguntil release ' +
    'next implies equivalent xr xs U V W X state event end _ _last _nr_pr _pid _priority'
  ).split(' '),
);

export function promela(table: Table): string {
  const { id, states, events, initial } = table;
  const process = words([id], RESERVED).get(id)!;
  const state = words(states, new Set([...RESERVED, process]));
  const event = words(events, new Set([...RESERVED, process, ...state.values()]));
  const steps = stepsOf(table);
  const width = Math.max(...states.map((name) => state.get(name)!.length));
  return [
    `/* The ${id.replaceAll('*/', '* /')} machine of copyless. */`,
    `mtype:state = { ${states.map((name) => state.get(name)).join(', ')} };`,
    ...(events.length === 0
      ? []
      : [
          `mtype:event = { ${events.map((name) => event.get(name)).join(', ')} };`,
          'hidden mtype:event event;',
        ]),
    `mtype:state state = ${state.get(states[initial]!)};`,
    '',
    `active proctype ${process}() {`,
    // A machine may stop anywhere: that it stays is no deadlock.
    'end:',
    '  do',
    ...steps.map(({ from, event: on, to }) => {
      const is = `state == ${state.get(from)!.padEnd(width)}`;
      // Spin's own printf knows the names as strings only.
      const says = `printf(${quoted(`${state.get(from)} ${event.get(on)} ${state.get(to)}\\n`).replaceAll('\\\\', '\\')})`;
      return `  :: atomic { ${is} -> event = ${event.get(on)}; ${says}; state = ${state.get(to)} }`;
    }),
    // Without any step the loop would be empty, which is no Promela.
    ...(steps.length === 0 ? ['  :: false -> skip'] : []),
    '  od',
    '}',
    '',
  ].join('\n');
}
