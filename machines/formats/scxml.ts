// W3C SCXML 1.0. Ids are the dotted names, which SCXML allows; in events a dot would mean something (`a` matches `a.b`), so there
// it becomes an underscore.
import type { Table } from '../compile.ts';
import { type Branch, stepsOf, treeOf, words } from './tree.ts';

export function scxml(table: Table): string {
  const byState = Map.groupBy(stepsOf(table), ({ from }) => from);
  const event = words(table.events, new Set());
  const branches = treeOf(table);
  const names = (branch: Branch): string[] => [branch.name, ...branch.children.flatMap(names)];
  const id = ids(branches.flatMap(names));
  const declare = ({ name, children }: Branch, indent: string): string[] => {
    const inside =
      children.length > 0
        ? children.flatMap((child) => declare(child, `${indent}  `))
        : (byState.get(name) ?? []).map(
            (step) => `${indent}  <transition event="${event.get(step.event)}" target="${id.get(step.to)}"/>`,
          );
    const open = `${indent}<state id="${id.get(name)}"`;
    return inside.length === 0 ? [`${open}/>`] : [`${open}>`, ...inside, `${indent}</state>`];
  };
  const initial = id.get(table.states[table.initial]!);
  return [
    `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="${words([table.id], new Set()).get(table.id)}" initial="${initial}">`,
    ...branches.flatMap((branch) => declare(branch, '  ')),
    '</scxml>',
    '',
  ].join('\n');
}

/** Names of XML: the dotted name itself where it is one. */
function ids(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(names.filter(isXmlName));
  const others = words(
    names.filter((name) => !isXmlName(name)),
    taken,
  );
  return new Map(names.map((name) => [name, others.get(name) ?? name]));
}
function isXmlName(name: string): boolean {
  return /^[A-Za-z_][\w.-]*$/.test(name);
}
