// The numbers in a script that only the host knows of: a node, a store, a forgery. Given directly to a host, one that is not
// there is answered EINVAL; in a scenario file it is a slip, and refused before anything runs.
import { forgeries } from '../../actors/rogue.ts';
import {
  argumentOf,
  type CommandKind,
  commandIn,
  commandKinds,
  operation,
  operationOf,
  parameterIn,
} from '../../model/script.ts';
import type { WorldSpec } from '../../model/spec.ts';
import { present } from '../../stdx/assert.ts';
import { quote } from '../quote.ts';
import { parseOperation, type RefuseScript } from './script.ts';

/** @param vcpus operations that `scriptWorkload` has taken */
export function refuseAbsent(
  vcpus: readonly (readonly string[])[],
  spec: WorldSpec,
  refuse: RefuseScript,
): void {
  const own = spec.guests[0]!.vcpus.length;
  const all = own * spec.guests.length;
  if (vcpus.length !== own && vcpus.length !== all) {
    const expected = own === all ? `${own}, one for each vCPU` : `${own}, or ${all} for all guests`;
    refuse([], `${vcpus.length} scripts`, expected, 'guests.vcpus says how many there are');
  }
  vcpus.forEach((script, vcpu) =>
    script.forEach((text, i) => {
      const { word } = present(parseOperation(text), text);
      if (operationOf(word) !== operation.command) return;
      const argument = argumentOf(word);
      const number = parameterIn(argument);
      const kind = commandKinds[commandIn(argument)]!;
      const numbers = NUMBERS[kind]?.(spec);
      const said = `${quote(text)} of vCPU ${vcpu}`;
      if (numbers === undefined) {
        if (number > 0) refuse([vcpu, i], `${said} has a number`, `${kind} without one`, undefined);
        return;
      }
      const { what, known, hint } = numbers;
      if (known.includes(number)) return;
      const expected = known.length > 0 ? `${what} ${range(known)}` : 'a host that has one';
      refuse([vcpu, i], `${said} names ${what} ${number}`, expected, hint);
    }),
  );
}

interface Numbers {
  what: string;
  /** In ascending order. */
  known: readonly number[];
  hint?: string;
}

/** What the number of a command stands for; the others take none. */
const NUMBERS: Partial<Record<CommandKind, (spec: WorldSpec) => Numbers>> = {
  'migrate-host': ({ nodes }) => ({
    what: 'node',
    known: [...nodes.keys()],
    hint: "the host's nodes are counted from 0",
  }),
  repin: ({ nodes }) => ({
    what: 'node',
    known: [...nodes.keys()].filter((node) => nodes[node]!.hasCpus),
    hint: "the host's nodes are counted from 0, and this takes one with CPUs",
  }),
  swapoff: ({ stores }) => ({ what: 'store', known: [...stores.keys()], hint: 'stores are counted from 0' }),
  forge: () => ({ what: 'forgery', known: [...forgeries.keys()] }),
  pageout: () => ({ what: 'number', known: [0, 1], hint: '1: the whole huge page' }),
};

function range(known: readonly number[]): string {
  const [first = 0] = known;
  const last = known.at(-1)!;
  if (known.length < 3 || last - first + 1 !== known.length) return known.join(' or ');
  return `${first} to ${last}`;
}
