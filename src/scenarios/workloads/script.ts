// A script written out: each vCPU's operations in words, one after the other. For litmus tests, and what a failure is shrunk
// to. `write 3`, `read 3.1` (word 1), `move 0..2 to 1` (migratepages to vNode 1), `handover 1`, `await`, and commands with the
// page they are about and a number if they take one: `pageout 3`. Some are about a vNode instead: `inflate 1`, `repin 1 0`.
// What a script names that only the host knows of, `script-numbers.ts` looks at.
import {
  BULK_VNODES,
  type CommandKind,
  command,
  commandKinds,
  kernelCommands,
  vnodeCommands,
} from '../../model/script.ts';
import { argumentOf, commandIn, operationOf, parameterIn } from '../../model/script.ts';
import { encode, encodeCommand, operation, OPERATION_WORDS } from '../../model/script.ts';
import type { GuestShape, ScriptSource, Workload } from '../../model/script.ts';
import { didYouMean } from '../../stdx/did-you-mean.ts';
import { InputError } from '../../stdx/input-error.ts';
import { quote } from '../quote.ts';

/** An operation as a vCPU takes it. */
export interface Coded {
  word: number;
  gvpn: number;
  /** One past the last page it names. */
  end: number;
}

/** What a script may name. Where it is not known yet, as much as words have room for. */
interface Limits {
  /** vCPUs of a guest. */
  vcpus: number;
  vnodes: number;
  pageWords: number;
}
const ROOM: Limits = { vcpus: 1000, vnodes: BULK_VNODES, pageWords: 10_000 };
const PAGES = 10_000_000;
const NUMBERS = 1_000_000;
/** What an argument has bits for (model/script.ts). */
const MOVED_PAGES = (1 << 23) - 1;

/** Why words are no operation: the parts of a message after the words themselves. */
interface Wrong {
  why: string;
  expected: string;
  hint?: string | undefined;
}

const ACCESS = /^(read|write) (\d+)(?:\.(\d+))?$/;
const MOVE = /^move (\d+)(?:\.\.(\d+))? to (\d+)$/;
const HANDOVER = /^handover (\d+)$/;
const COMMAND = /^([a-z-]+) (\d+)(?: (\d+))?$/;

const scriptCommands = commandKinds.filter((kind) => !kernelCommands.includes(kind));

/** Commands that take a number. */
const numberedCommands: readonly CommandKind[] = ['migrate-host', 'swapoff', 'repin', 'forge'];

/** @returns undefined where the words are no operation */
export function parseOperation(text: string): Coded | undefined {
  const read = readOperation(text, ROOM);
  return 'why' in read ? undefined : read;
}

function readOperation(text: string, limits: Limits): Coded | Wrong {
  if (text === 'await') return { word: encode(operation.await, 0), gvpn: 0, end: 0 };
  let match = ACCESS.exec(text);
  if (match) {
    const [, name, page, word = '0'] = match;
    const words = Math.min(limits.pageWords, ROOM.pageWords);
    const wrong =
      beyond('page', page, PAGES) ?? beyond('word', word, words, `a word of the page, 0 to ${words - 1}`);
    const gvpn = Number(page);
    return wrong ?? { word: encode(operation[name as 'read'], Number(word)), gvpn, end: gvpn + 1 };
  }
  match = HANDOVER.exec(text);
  if (match) {
    const [, vcpu] = match;
    const wrong = beyond('vCPU', vcpu, limits.vcpus, othersOf(limits.vcpus));
    return wrong ?? { word: encode(operation.handover, Number(vcpu)), gvpn: 0, end: 0 };
  }
  match = MOVE.exec(text);
  if (match) {
    const [, first, end = first, vnode] = match;
    const vnodes = Math.min(limits.vnodes, BULK_VNODES);
    const wrong =
      beyond('page', first, PAGES) ?? beyond('page', end, PAGES) ?? beyond('vNode', vnode, vnodes);
    if (wrong) return wrong;
    const gvpn = Number(first);
    const last = Number(end);
    const count = last - gvpn + 1;
    if (count < 1)
      return { why: ` goes from page ${gvpn} back to ${last}`, expected: `move ${last}..${gvpn}` };
    if (count > MOVED_PAGES)
      return { why: ` moves ${count} pages`, expected: `at most ${MOVED_PAGES} in one move` };
    const argument = Number(vnode) + BULK_VNODES * count;
    return { word: encode(operation.bulkMove, argument), gvpn, end: last + 1 };
  }
  match = COMMAND.exec(text);
  const name = match?.[1] as CommandKind;
  if (!match || !scriptCommands.includes(name)) return misspelt(text);
  const [, , place, number = '0'] = match;
  const ofVnode = vnodeCommands.includes(name);
  const wrong = ofVnode
    ? beyond('vNode', place, Math.min(limits.vnodes, PAGES))
    : beyond('page', place, PAGES);
  const gvpn = Number(place);
  return (
    wrong ??
    beyond('number', number, NUMBERS) ?? {
      word: encodeCommand(command[name], Number(number)),
      gvpn,
      end: ofVnode ? 0 : gvpn + 1,
    }
  );
}

/** @param count how many there are, from 0 on */
function beyond(
  what: string,
  digits: string | undefined,
  count: number,
  expected = `a ${what} from 0 to ${count - 1}`,
): Wrong | undefined {
  return Number(digits) < count ? undefined : { why: ` names ${what} ${digits}`, expected };
}

function othersOf(vcpus: number): string {
  return vcpus > 1 ? `another of the guest's vCPUs 0 to ${vcpus - 1}` : 'a guest of several vCPUs';
}

/** How each operation is written, as in README, "Scripts". */
const FORMS: Readonly<Record<string, string>> = {
  read: 'read P or read P.W',
  write: 'write P or write P.W',
  move: 'move P to V or move P..Q to V',
  handover: 'handover N',
  await: 'await',
  ...Object.fromEntries(scriptCommands.map((kind) => [kind, formOf(kind)])),
};

function formOf(kind: CommandKind): string {
  const place = vnodeCommands.includes(kind) ? 'V' : 'P';
  return `${kind} ${place}${numberedCommands.includes(kind) ? ' N' : ''}`;
}

/** Words that have not the form of an operation: the form of the one that is meant, or of all. */
function misspelt(text: string): Wrong {
  const [name = ''] = text.trim().split(/\s/);
  const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
  if (form !== undefined) return { why: '', expected: form };
  const guess = didYouMean(name, Object.keys(FORMS));
  return { why: '', expected: OPERATIONS_IN_WORDS, ...(guess && { hint: `did you mean ${guess}?` }) };
}

/**
 * A vCPU that waits for a task once more than it is given one, or -1.
 * @param own vCPUs of a guest
 */
export function waitsInVain(scripts: readonly (readonly Pick<Coded, 'word'>[])[], own: number): number {
  const tasks = scripts.map(() => 0);
  scripts.forEach((script, vcpu) => {
    for (const { word } of script) {
      if (operationOf(word) === operation.await) tasks[vcpu]!--;
      if (operationOf(word) === operation.handover) tasks[Math.floor(vcpu / own) * own + argumentOf(word)]!++;
    }
  });
  return tasks.findIndex((left) => left < 0);
}

/** The words for an operation as a vCPU takes it: what `parseOperation` reads back. */
export function inWords(word: number, gvpn: number): string {
  const argument = argumentOf(word);
  switch (operationOf(word)) {
    case operation.read:
    case operation.write: {
      const name = operationOf(word) === operation.read ? 'read' : 'write';
      return `${name} ${gvpn}${argument === 0 ? '' : `.${argument}`}`;
    }
    case operation.handover:
      return `handover ${argument}`;
    case operation.await:
      return 'await';
    case operation.bulkMove: {
      const last = gvpn + Math.floor(argument / BULK_VNODES) - 1;
      return `move ${gvpn}${last === gvpn ? '' : `..${last}`} to ${argument % BULK_VNODES}`;
    }
    default: {
      const parameter = parameterIn(argument);
      return `${commandKinds[commandIn(argument)]} ${gvpn}${parameter === 0 ? '' : ` ${parameter}`}`;
    }
  }
}

/** What can be written, for messages. */
const OPERATIONS_IN_WORDS = Object.values(FORMS).join(', ');

/** Complains about vCPU's list, or about one of its operations; of neither, about all lists. */
export type RefuseScript = (
  at: readonly number[],
  what: string,
  expected: string,
  hint: string | undefined,
) => never;

export const SEE_SCRIPTS = 'see README, "Scripts"';

/** For scripts that come from no file. */
const refuseAnywhere: RefuseScript = (at, what, expected, hint = SEE_SCRIPTS) => {
  throw new InputError({ file: ['workload.vcpus', ...at].join('.') }, what, expected, hint);
};

/**
 * @param vcpus operations of each vCPU; with several guests either one list for each vCPU of all of them, or one guest's
 *   lists for every guest
 */
export function scriptWorkload(
  vcpus: readonly (readonly string[])[],
  shape: GuestShape,
  refuse: RefuseScript = refuseAnywhere,
): Workload {
  const own = shape.vcpuVnodes.length;
  const coded = codedScripts(vcpus, shape, refuse);
  return {
    name: 'script',
    sentence: 'Operations written out, a list a vCPU.',
    pages: pagesOf(coded),
    open: (_seed, guest = 0) => new Script(coded, (guest * own) % coded.length),
  };
}

/** Pages that scripts name: those up to the last. */
export function pagesOf(scripts: readonly (readonly Coded[])[]): number {
  return scripts.flat().reduce((most, { end }) => Math.max(most, end), 1);
}

/** The same as vCPUs take it. @throws InputError, or what `refuse` throws, where it cannot be meant for such a guest */
export function codedScripts(
  vcpus: readonly (readonly string[])[],
  { vcpuVnodes, vnodes, pageWords }: GuestShape,
  refuse: RefuseScript = refuseAnywhere,
): Coded[][] {
  const own = vcpuVnodes.length;
  if (vcpus.length % own !== 0) {
    const expected = `one for each of a guest's ${own} vCPUs, or for those of all guests`;
    refuse([], `${vcpus.length} scripts`, expected, 'guests.vcpus says how many there are');
  }
  const limits = { vcpus: own, vnodes, pageWords };
  const coded = vcpus.map((script, vcpu) =>
    script.map((text, i) => {
      const read = readOperation(text, limits);
      const said = `${quote(text)} of vCPU ${vcpu}`;
      if ('why' in read) return refuse([vcpu, i], `${said}${read.why}`, read.expected, read.hint);
      if (operationOf(read.word) === operation.handover && argumentOf(read.word) === vcpu % own)
        refuse([vcpu, i], `${said} names itself`, othersOf(own), undefined);
      return read;
    }),
  );
  const inVain = waitsInVain(coded, own);
  if (inVain >= 0) {
    const last = coded[inVain]!.findLastIndex(({ word }) => operationOf(word) === operation.await);
    const expected = `a handover ${inVain % own} for each await`;
    refuse([inVain, last], `vCPU ${inVain} waits in an await that no handover ends`, expected, undefined);
  }
  return coded;
}

class Script implements ScriptSource {
  private readonly scripts: readonly (readonly Coded[])[];
  private readonly first: number;
  private readonly positions: number[];

  constructor(scripts: readonly (readonly Coded[])[], first: number) {
    this.scripts = scripts;
    this.first = first;
    this.positions = scripts.map(() => 0);
  }
  read(vcpu: number, out: Int32Array): number {
    const script = this.scripts[this.first + vcpu]!;
    const from = this.positions[vcpu]!;
    const count = Math.min(Math.floor(out.length / OPERATION_WORDS), script.length - from);
    for (let i = 0; i < count; i++) {
      out[i * OPERATION_WORDS] = script[from + i]!.word;
      out[i * OPERATION_WORDS + 1] = script[from + i]!.gvpn;
    }
    this.positions[vcpu] = from + count;
    return count;
  }
}
