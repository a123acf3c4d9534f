// A machine whose names are words of the languages that it is exported to, or no words at all; three levels deep, with a state
// that is never reached and two whose names fall together once they are spelt with underscores.
import { setup } from 'xstate';
import { compile, type Table } from '../../machines/index.ts';

const machine = setup({}).createMachine({
  id: 'do "while"',
  initial: 'init',
  on: { 'a-b': { target: '.end' } },
  states: {
    init: { on: { if: { target: 'end' }, Next: { target: 'state.a.x' }, 'page.free': { target: 'a_b' } } },
    end: { on: { state: { target: 'init' }, '": [label]': { target: 'end' } } },
    state: {
      initial: 'a',
      states: {
        a: {
          initial: 'x',
          states: {
            x: { on: { do: { target: 'y' }, '2nd try': { target: '#sb' } } },
            'y z': { on: { do: { target: 'x' } } },
            y: { on: { 'ä <&> \\': { target: 'y z' } } },
          },
        },
        b: { id: 'sb', on: { 'a;b': { target: '#a/b' } } },
      },
    },
    'a-b': { id: 'a/b', on: { EXTENDS: { target: 'a_b' } } },
    a_b: { on: { 'a.b': { target: 'a-b' } } },
    never: { on: { IF: { target: 'init' } } },
  },
});

export const awkwardTable: Table = compile(machine);
