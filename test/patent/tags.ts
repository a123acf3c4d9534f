// Finds the tags in the tests: a comment `// shows: claim 9, step 435, variant (22) list format` above a test or a group of
// tests, or `shows: [race 4, claim 12]` in a litmus file. Each item names a row of the catalogue (`rows.ts`). A remark may
// follow it in brackets or after a colon; `claims 2 to 8` is a range; a bare number goes on with the word before it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { rows } from './rows.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface Tag {
  /** Path from the project's root, and the line of the tag. */
  file: string;
  line: number;
  /** Title of the test, after those of the groups around it. */
  title: string;
  /** Ids of rows. */
  shows: string[];
  /** Items that name no row. */
  unknown: string[];
}

/** Every tag under test/, by file and line. */
export function findTags(): Tag[] {
  return filesBelow('test').flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    if (file.endsWith('.test.ts')) return tagsOf(file, text);
    return /^test\/litmus\/.*\.ya?ml$/.test(file) ? litmusTagsOf(file, text) : [];
  });
}

function filesBelow(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder)).toSorted();
  return names.flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(ROOT, path)).isDirectory() ? filesBelow(path) : [path];
  });
}

const TAG = /^\s*\/\/ shows: (.*)$/;
const COMMENT = /^\s*\/\/ (.*)$/;

/** The tags of one test file. */
export function tagsOf(file: string, text: string): Tag[] {
  const lines = text.split('\n');
  const tags: Tag[] = [];
  lines.forEach((start, at) => {
    let said = TAG.exec(start)?.[1];
    if (said === undefined) return;
    let next = at + 1;
    // A list that goes on after a comma.
    while (/,\s*$/.test(said)) {
      const more = COMMENT.exec(lines[next] ?? '')?.[1];
      if (more === undefined) break;
      said += ` ${more}`;
      next++;
    }
    tags.push({ file, line: at + 1, title: titleFrom(lines, next), ...rowsNamedBy(said) });
  });
  return tags;
}

function litmusTagsOf(file: string, text: string): Tag[] {
  const litmus = parse(text) as { shows?: string | string[]; question?: string; name?: string };
  const shows = [litmus.shows ?? []].flat();
  if (shows.length === 0) return [];
  const title = (litmus.question ?? litmus.name ?? file.replace(/^.*\/|\.ya?ml$/g, '')).trim();
  const line = 1 + text.split('\n').findIndex((one) => one.startsWith('shows:'));
  return [{ file, line, title, ...rowsNamedBy(shows.join(', ')) }];
}

// --- what a tag names

const byName = new Map(rows.flatMap((row) => [row.id, ...(row.also ?? [])].map((name) => [name, row.id])));

/** `claim 9, steps 210, 215, variant (25) any order: why` as ids of rows. */
export function rowsNamedBy(said: string): Pick<Tag, 'shows' | 'unknown'> {
  const shows: string[] = [];
  const unknown: string[] = [];
  let word = '';
  // Commas within brackets, and between paragraph numbers, part nothing.
  for (const item of said.replaceAll('),(', ') (').split(/,(?![^(]*\))\s*/)) {
    const plain = item.trim().replace(/:.*$/, '');
    const match = /^(?:(claim|step|race)s? )?(\d+)(?: to (\d+))?(?: \(.*\)| on threads)?$/.exec(plain);
    if (match?.[1] !== undefined) word = match[1];
    if (match && word !== '') {
      const first = Number(match[2]);
      const last = Number(match[3] ?? first);
      for (let number = first; number <= last; number++) {
        const id = byName.get(`${word} ${number}`);
        if (id === undefined) unknown.push(`${word} ${number}`);
        else shows.push(id);
      }
    } else {
      word = '';
      const id = byName.get(plain);
      if (id === undefined) unknown.push(plain);
      else shows.push(id);
    }
  }
  return { shows, unknown };
}

// --- what it is called

const CALL = /^(\s*)(?:test|it|describe)\b/;
const GROUP = /^(\s*)describe\b/;

/** Title of the first test or group from a line on, after the titles of the groups that it stands in. */
function titleFrom(lines: readonly string[], from: number): string {
  let at = from;
  while (at < lines.length && !CALL.test(lines[at]!)) at++;
  if (at === lines.length) return '';
  const titles = [titleAt(lines, at)];
  let indent = CALL.exec(lines[at]!)![1]!.length;
  // The sources are formatted: what stands further left and above, and is not closed in between, is around it.
  for (let above = at - 1; above >= 0 && indent > 0; above--) {
    const line = lines[above]!;
    const left = line.length - line.trimStart().length;
    if (line.trim() === '' || left >= indent) continue;
    indent = left;
    if (GROUP.test(line)) titles.unshift(titleAt(lines, above));
  }
  return titles.join(' › ');
}

/** The title in a call that begins on a line: its first string, after what `.each` takes. */
function titleAt(lines: readonly string[], at: number): string {
  const text = lines.slice(at, at + 60).join('\n');
  const afterEach = /^\s*\w+\.(?:each|for|skipIf|runIf)\(/.exec(text);
  let position = afterEach ? closing(text, afterEach[0].length) : text.search(/\(/);
  position = text.slice(position).search(/\(\s*['"`]/) + position;
  const rest = text.slice(position + 1).trimStart();
  const quote = rest[0]!;
  let title = '';
  for (let index = 1; index < rest.length && rest[index] !== quote; index++) {
    if (rest[index] === '\\') title += rest[++index];
    else if (rest.startsWith('${', index)) {
      const end = closing(rest, index + 2);
      title += `‹${rest.slice(index + 2, end - 1)}›`;
      index = end - 1;
    } else title += rest[index];
  }
  return title;
}

/** One past the bracket that closes the one before `from`; strings may hold brackets that match. */
function closing(text: string, from: number): number {
  let open = 1;
  let at = from;
  for (; at < text.length && open > 0; at++) {
    if ('([{'.includes(text[at]!)) open++;
    else if (')]}'.includes(text[at]!)) open--;
  }
  return at;
}
