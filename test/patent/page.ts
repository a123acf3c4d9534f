// `npm run patent`: writes docs/patent.md, what the patent asks for, row by row, with the files that do it and the tests that
// show it. The rows are in `rows.ts`, the tests say themselves what they show (`tags.ts`).
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Row, rows, type Table } from './rows.ts';
import { findTags, ROOT, type Tag } from './tags.ts';

export const PAGE = 'docs/patent.md';

/** Rows that no test shows yet: the tests for them are still to come. */
export const AWAITED: readonly string[] = [];

const INTRODUCTION = `# The patent, row by row

US 12,393,439 B2 (Tsirkin, Arcangeli; Red Hat, 2025), "Copyless NUMA balancing hypervisor memory migration": every claim,
every numbered step of its figures, every variant that its description names, with the files that do it and the tests that
show it. Below them the races that a working system has to survive, which the patent does not list.

This page is made by \`npm run patent\` from the tests: each says in a comment above it what it shows
(\`// shows: claim 9, step 435\`). A test fails when a row has no test, when a tag names no row, when a file is not there, or
when this page is not what would be written now. Where a title stands for many cases, ‹…› is what differs between them.

How the text is read, where its numerals and words do not agree with each other:

- 110 is both the hypervisor and the free list, 104 both the persistent store and the hypervisor, 105 and 102 both the host
  OS, 401 both the host and (in one place) the hypervisor. Here host, hypervisor, guest, memory nodes and stores are
  actors of their own.
- "Removing mapping of the pages from the source node to the destination node" (claim 2, step 465): the mapping to the
  source is removed, and one to the destination takes its place.
- The "page reference number (PFN)" of claim 13 is a guest frame number (Gfn), as it is a guest that reads it. Each
  entry also has a generation, so that an old one can be told from a new one.
- The "free list" is the list of moved pages. It is called moved list here and has nothing to do with free pages.
- Claims 1, 14 and 20 need a memory node as the new source location, claim 11 a disk: both are there.

What is not modelled: instructions and caches inside a CPU, guest page tables in guest memory (they are words of the
world buffer), interrupts, the scheduler of guest or host, and FIG. 5's peripherals. A medium (claim 20) is the package.
`;

const HEADINGS: Readonly<Record<Table, string>> = {
  claims: 'Claims',
  'FIG. 2': 'FIG. 2: the method',
  'FIG. 3': 'FIG. 3: the efficient operation',
  'FIG. 4': 'FIG. 4: who does what',
  variants: 'Variants in the description',
  races: 'Races',
};
const REMARKS: Partial<Record<Table, string>> = {
  'FIG. 3':
    'Each step may be left out and they may come in any legal order; which orders are legal, and why the others are not, is data in [plan-shapes.ts](../src/protocols/plan-shapes.ts).',
  variants: 'The numbers in brackets are paragraphs of the description.',
  races: 'What happens, and what has to come out of it.',
};

/** The whole page. */
export function page(tags: readonly Tag[] = findTags()): string {
  const tables = Object.entries(HEADINGS).map(([table, heading]) => {
    const remark = REMARKS[table as Table];
    const body = tableOf(
      rows.filter((row) => row.table === table),
      tags,
    );
    return `## ${heading}\n\n${remark === undefined ? '' : `${remark}\n\n`}${body}`;
  });
  return `${INTRODUCTION}\n${tables.join('\n')}`;
}

function tableOf(of: readonly Row[], tags: readonly Tag[]): string {
  const hasFiles = of.some(({ by }) => by.length > 0);
  const head = ['', 'what it asks for', ...(hasFiles ? ['done by'] : []), 'shown by'];
  const lines = of.map((row) => {
    const name = row.id.replace(/^(claim|step|variant|race) /, '');
    const files = row.by
      .filter((file) => existsSync(join(ROOT, file)))
      .map((file) => link(file))
      .join('<br>');
    return [cell(name), cell(row.asks), ...(hasFiles ? [files] : []), shownBy(row, tags)];
  });
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** Titles by file, each once. */
function shownBy(row: Row, tags: readonly Tag[]): string {
  const titles = new Map<string, Set<string>>();
  for (const { file, title, shows } of tags) {
    if (!shows.includes(row.id)) continue;
    titles.set(file, (titles.get(file) ?? new Set()).add(title));
  }
  if (titles.size === 0) return '_awaited_';
  return [...titles]
    .map(([file, all]) => `${link(file, file.replace(/^test\//, ''))}: ${[...all].map(cell).join('; ')}`)
    .join('<br>');
}

const link = (file: string, name = file.replace(/^src\//, '')) => `[${name}](../${file})`;
const cell = (text: string) => text.replaceAll(/[\\|*_<>`[\]]/g, '\\$&').replaceAll(/\s+/g, ' ');

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(join(ROOT, PAGE), page());
}
