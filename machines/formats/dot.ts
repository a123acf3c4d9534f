// Graphviz: `dot -Tsvg`. A nested state is a cluster; steps between the same two states are drawn as one arrow with all events,
// a line each.
import type { Table } from '../compile.ts';
import { type Branch, quoted, stepsOf, treeOf } from './tree.ts';

export function dot(table: Table): string {
  const arrows = Map.groupBy(stepsOf(table), ({ from, to }) => JSON.stringify([from, to]));
  const declare = ({ name, label, children }: Branch, indent: string): string[] =>
    children.length === 0
      ? [`${indent}${quoted(name)} [label=${quoted(label)}];`]
      : [
          `${indent}subgraph ${quoted(`cluster_${name}`)} {`,
          `${indent}  label=${quoted(label)};`,
          ...children.flatMap((child) => declare(child, `${indent}  `)),
          `${indent}}`,
        ];
  return [
    `// The ${table.id.replaceAll('\n', ' ')} machine of copyless.`,
    `digraph ${quoted(table.id)} {`,
    '  node [shape=box, style=rounded];',
    '  "(initial)" [shape=point, label=""];',
    ...treeOf(table).flatMap((branch) => declare(branch, '  ')),
    `  "(initial)" -> ${quoted(table.states[table.initial]!)};`,
    ...[...arrows.values()].map((steps) => {
      const { from, to } = steps[0]!;
      const label = steps.map(({ event }) => quoted(event).slice(1, -1)).join('\\n');
      return `  ${quoted(from)} -> ${quoted(to)} [label="${label}"];`;
    }),
    '}',
    '',
  ].join('\n');
}
