// Mermaid state diagram: what GitHub draws from a code block of that language. Nested states are composite ones.
import type { Table } from '../compile.ts';
import { type Branch, stepsOf, treeOf, words } from './tree.ts';

/** Words that mean something at the start of a line or of a state. */
const RESERVED = new Set(
  'state end note as direction class classDef style click default fork join choice root'.split(' '),
);

export function mermaid(table: Table): string {
  const steps = stepsOf(table);
  const branches = treeOf(table);
  const names = (branch: Branch): string[] => [branch.name, ...branch.children.flatMap(names)];
  const word = words(branches.flatMap(names), RESERVED);
  const declare = ({ name, label, children }: Branch, indent: string): string[] =>
    children.length === 0
      ? [`${indent}state "${text(label)}" as ${word.get(name)}`]
      : [
          `${indent}state "${text(label)}" as ${word.get(name)} {`,
          ...children.flatMap((child) => declare(child, `${indent}  `)),
          `${indent}}`,
        ];
  return [
    `%% The ${table.id} machine of copyless.`,
    'stateDiagram-v2',
    ...branches.flatMap((branch) => declare(branch, '  ')),
    `  [*] --> ${word.get(table.states[table.initial]!)}`,
    ...steps.map(({ from, event, to }) => `  ${word.get(from)} --> ${word.get(to)} : ${text(event)}`),
    '',
  ].join('\n');
}

/** Mermaid has numbered entities for what it would read itself. */
function text(name: string): string {
  return name.replaceAll(/[^\w .-]/g, (character) => `#${character.codePointAt(0)};`);
}
