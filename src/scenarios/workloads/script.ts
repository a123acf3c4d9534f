// A script written out: each vCPU's operations in words, one after the other. For litmus tests, and what a failure is shrunk
// to. `write 3`, `read 3.1` (word 1), `move 0..2 to 1` (migratepages to vNode 1), `handover 1`, `await`, and commands with the
// page they are about and a number if they take one: `pageout 3`. Some are about a vNode instead: `inflate 1`, `repin 1 0`.
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
import { InputError } from '../../stdx/input-error.ts';

/** An operation as a vCPU takes it. */
export interface Coded {
  word: number;
  gvpn: number;
  /** One past the last page it names. */
  end: number;
}

const ACCESS = /^(read|write) (\d{1,7})(?:\.(\d{1,4}))?$/;
const MOVE = /^move (\d{1,7})(?:\.\.(\d{1,7}))? to (\d{1,2})$/;
const HANDOVER = /^handover (\d{1,3})$/;
const COMMAND = /^([a-z-]+) (\d{1,7})(?: (\d{1,6}))?$/;

const scriptCommands = commandKinds.filter((kind) => !kernelCommands.includes(kind));

/** @returns undefined where the words are no operation */
export function parseOperation(text: string): Coded | undefined {
  if (text === 'await') return { word: encode(operation.await, 0), gvpn: 0, end: 0 };
  let match = ACCESS.exec(text);
  if (match) {
    const gvpn = Number(match[2]);
    return { word: encode(operation[match[1] as 'read'], Number(match[3] ?? 0)), gvpn, end: gvpn + 1 };
  }
  match = HANDOVER.exec(text);
  if (match) return { word: encode(operation.handover, Number(match[1])), gvpn: 0, end: 0 };
  match = MOVE.exec(text);
  if (match) {
    const gvpn = Number(match[1]);
    const last = Number(match[2] ?? gvpn);
    const vnode = Number(match[3]);
    if (last < gvpn || vnode >= BULK_VNODES) return undefined;
    return { word: encode(operation.bulkMove, vnode + BULK_VNODES * (last - gvpn + 1)), gvpn, end: last + 1 };
  }
  match = COMMAND.exec(text);
  const name = match?.[1] as CommandKind;
  if (!match || !scriptCommands.includes(name)) return undefined;
  const gvpn = Number(match[2]);
  const end = vnodeCommands.includes(name) ? 0 : gvpn + 1;
  return { word: encodeCommand(command[name], Number(match[3] ?? 0)), gvpn, end };
}

/** vNode that an operation in words names, or -1. */
function vnodeIn(text: string): number {
  const match = COMMAND.exec(text);
  if (match) return vnodeCommands.includes(match[1] as CommandKind) ? Number(match[2]) : -1;
  return Number(MOVE.exec(text)?.[3] ?? -1);
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
export const OPERATIONS_IN_WORDS = `read P, write P.WORD, move P..Q to VNODE, handover VCPU, await, ${scriptCommands.map((kind) => `${kind} ${vnodeCommands.includes(kind) ? 'VNODE' : 'P'}`).join(', ')}`;

/**
 * @param vcpus operations of each vCPU; with several guests either one list for each vCPU of all of them, or one guest's
 *   lists for every guest
 */
export function scriptWorkload(vcpus: readonly (readonly string[])[], shape: GuestShape): Workload {
  const own = shape.vcpuVnodes.length;
  const coded = codedScripts(vcpus, shape);
  return {
    name: 'script',
    sentence: 'Operations written out, a list a vCPU.',
    pages: Math.max(1, ...coded.flat().map(({ end }) => end)),
    open: (_seed, guest = 0) => new Script(coded, (guest * own) % coded.length),
  };
}

/** The same as vCPUs take it. @throws InputError where it cannot be meant for such a guest */
export function codedScripts(vcpus: readonly (readonly string[])[], shape: GuestShape): Coded[][] {
  const refuse = (what: string, expected: string): never => {
    throw new InputError({ file: 'workload.vcpus' }, what, expected, 'see README, "Scripts"');
  };
  const own = shape.vcpuVnodes.length;
  if (vcpus.length % own !== 0)
    refuse(`${vcpus.length} scripts`, `one for each of a guest's ${own} vCPUs, or for those of all guests`);
  const coded = vcpus.map((script, vcpu) =>
    script.map((text) => {
      const parsed = parseOperation(text);
      if (!parsed) return refuse(`${JSON.stringify(text)} of vCPU ${vcpu}`, OPERATIONS_IN_WORDS);
      const to = HANDOVER.exec(text);
      if (to && (Number(to[1]) >= own || Number(to[1]) === vcpu % own))
        refuse(`${JSON.stringify(text)} of vCPU ${vcpu}`, `another of the guest's vCPUs 0 to ${own - 1}`);
      if (vnodeIn(text) >= shape.vnodes)
        refuse(`${JSON.stringify(text)} of vCPU ${vcpu}`, `a vNode from 0 to ${shape.vnodes - 1}`);
      if (Number(ACCESS.exec(text)?.[3] ?? 0) >= shape.pageWords)
        refuse(`${JSON.stringify(text)} of vCPU ${vcpu}`, `a word of the page, 0 to ${shape.pageWords - 1}`);
      return parsed;
    }),
  );
  const inVain = waitsInVain(coded, own);
  if (inVain >= 0)
    refuse(`an await of vCPU ${inVain} that nobody ends`, `a handover ${inVain % own} for each await of its`);
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
