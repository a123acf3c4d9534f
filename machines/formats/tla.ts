// TLA+: a module with one variable. An action for each event, so that a behaviour reads as a list of events. States keep their
// names, as strings. With TLC: SPECIFICATION Spec, INVARIANT TypeOK, and `-deadlock` where a state has no way on.
import type { Table } from '../compile.ts';
import { quoted, stepsOf, words } from './tree.ts';

const RESERVED = new Set(
  (
    'ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE ENABLED ' +
    'EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW OBVIOUS OMITTED ONLY OTHER PICK PROOF ' +
    'PROPOSITION PROVE QED RECURSIVE SF_ STATE STRING SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM TRUE UNCHANGED UNION USE ' +
    'VARIABLE VARIABLES WF_ WITH WITNESS state States Init Next Spec TypeOK'
  ).split(' '),
);

export function tla(table: Table): string {
  const { id, states, events, initial } = table;
  const byEvent = Map.groupBy(stepsOf(table), ({ event }) => event);
  const module = words([id], RESERVED).get(id)!;
  // An event that nothing accepts is no action.
  const action = words(
    events.filter((event) => byEvent.has(event)),
    RESERVED,
  );
  const actions = [...action].flatMap(([event, name]) => [
    `${name} ==`,
    ...byEvent.get(event)!.map(({ from, to }) => `  \\/ state = ${quoted(from)} /\\ state' = ${quoted(to)}`),
    '',
  ]);
  return [
    `---- MODULE ${module} ----`,
    `\\* The ${id.replaceAll('\n', ' ')} machine of copyless.`,
    'VARIABLE state',
    '',
    `States == {${states.map(quoted).join(', ')}}`,
    '',
    `Init == state = ${quoted(states[initial]!)}`,
    '',
    ...actions,
    'Next ==',
    ...(action.size === 0 ? ['  \\/ FALSE'] : [...action.values()].map((name) => `  \\/ ${name}`)),
    '',
    'Spec == Init /\\ [][Next]_state',
    '',
    'TypeOK == state \\in States',
    '====',
    '',
  ].join('\n');
}
