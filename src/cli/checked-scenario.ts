// What `check` takes of a scenario: its policies, and of a script its operations, its guests and their room.
import { totalmem } from 'node:os';
import { command } from '../model/script.ts';
import { argumentOf, commandIn, operation, operationOf, parameterIn } from '../model/script.ts';
import type { WorldSpec } from '../model/spec.ts';
import { assemble, type From, scriptRefusal } from '../scenarios/assemble.ts';
import type { Harms } from '../scenarios/checked-world.ts';
import { migrationIn } from '../scenarios/migration-scenario.ts';
import { isScript, type Scenario } from '../scenarios/scenario.ts';
import { readScenario } from '../scenarios/scenario-file.ts';
import { PENDING_MAX, type ScriptedWorld, scriptedWorld } from '../scenarios/scripted-world.ts';
import type { Small } from '../scenarios/small-world.ts';
import { quote } from '../scenarios/quote.ts';
import { parseOperation } from '../scenarios/workloads/script.ts';
import { refuseAbsent } from '../scenarios/workloads/script-numbers.ts';
import { InputError } from '../stdx/input-error.ts';
import { Stdin } from './stdin.ts';

export interface CheckedScenario {
  policies: Small;
  /** What is searched instead of whatever vCPUs like to do, or null. */
  script: Script | null;
}

interface Script extends ScriptedWorld {
  /** In the words of the file. */
  words: readonly (readonly string[])[];
}

/** As many vCPUs of all guests together as the options allow. */
const VCPUS_MAX = 8;
const PAGE_WORDS_MAX = 16;
/** Forgeries that write records which others may be reading: no step of theirs is whole then (actors/rogue.ts). */
const REWRITE = 10;

export async function checkedScenario(file: string, harms: Harms): Promise<CheckedScenario> {
  const stdin = new Stdin();
  try {
    if (file === '-') await stdin.fetch('scenario');
    if (migrationIn(file) !== null)
      throw new InputError({ file }, 'is a live migration', 'a scenario of one host', 'simulate moves guests between hosts'); // prettier-ignore
    const { scenario, placeOf } = readScenario(file, () => stdin.text());
    if (scenario.host.topology === '-') await stdin.fetch('topology');
    const { spec } = await assemble(scenario, placeOf, () => stdin.text(), totalmem());
    const policies = policiesIn(spec);
    const { workload } = scenario;
    if (!isScript(workload)) return { policies, script: null };
    return { policies, script: scriptIn(workload.vcpus, spec, scenario.guests, policies, harms, placeOf) };
  } finally {
    stdin.release();
  }
}

/** Whether pages go to a store or to a memory node, and every policy: sizes are the search's own. */
function policiesIn(spec: WorldSpec): Small {
  const { far, ...policy } = spec.policy;
  return {
    ...policy,
    far: spec.moveTo[0]! < spec.nodes.length,
    mapped: far === 'mapped',
    ...(spec.list && { list: spec.list }),
  };
}

function scriptIn(
  words: readonly (readonly string[])[],
  spec: WorldSpec,
  { memory }: Scenario['guests'],
  policies: Small,
  harms: Harms,
  placeOf: From,
): Script {
  const refuse = (path: PropertyKey[], what: string, expected: string, hint: string): never => {
    throw new InputError(placeOf(...path), what, expected, hint);
  };
  const guest = spec.guests[0]!;
  const vcpus = guest.vcpus.length * spec.guests.length;
  if (vcpus > VCPUS_MAX)
    refuse(['guests'], `${vcpus} vCPUs`, `at most ${VCPUS_MAX}`, 'a search doubles with almost anything');
  words.forEach((script, vcpu) =>
    script.forEach((text, i) => {
      const { word } = parseOperation(text)!;
      const argument = argumentOf(word);
      const at = ['workload', 'vcpus', vcpu, i];
      if (operationOf(word) <= operation.write && argument >= PAGE_WORDS_MAX)
        refuse(
          at,
          `word ${argument} of a page`,
          `at most ${PAGE_WORDS_MAX - 1}`,
          'a page is short in a search',
        );
      const forges = operationOf(word) === operation.command && commandIn(argument) === command.forge;
      if (forges && parameterIn(argument) === REWRITE)
        refuse(at, quote(text), 'another forgery', 'its steps are not whole; fuzz and threads have it'); // prettier-ignore
    }),
  );
  const gfns = guest.vnodes[0]!.gfns;
  const all = gfns * guest.vnodes.length * spec.guests.length;
  if (all + vcpus > PENDING_MAX)
    refuse(memory === undefined ? ['workload'] : ['guests', 'memory'], `${vcpus} vCPUs and ${all} Gfns of all vNodes`, `at most ${PENDING_MAX} together`, 'give guests.memory, or name fewer pages'); // prettier-ignore
  const world = scriptedWorld(words, { ...policies, ...roomIn(spec, refuse), gfns }, harms);
  // A search has the nodes that vNodes are on, and no other but that of far memory.
  refuseAbsent(words, world.spec, scriptRefusal(placeOf));
  return { ...world, words };
}

/** No more than the script's pages can take, whatever happens to them: beyond that nothing would come out otherwise. */
function roomIn(
  spec: WorldSpec,
  refuse: (path: PropertyKey[], ...said: [string, string, string]) => never,
): Small {
  const { guests, moveTo, nodes, stores, listCapacity, batch } = spec;
  const { pages, vnodes, vcpus } = guests[0]!;
  const most = 2 * pages * guests.length + 2;
  const isFar = (home: number) => home < nodes.length;
  if (moveTo.slice(1).some(isFar))
    refuse(['host', 'newLocation'], 'a memory node behind another place', 'far memory in front, or none', 'put it first'); // prettier-ignore
  const slots = stores.map((store) => Math.min(store.slots, most));
  const far = isFar(moveTo[0]!) ? Math.min(nodes[moveTo[0]!]!.frames, most) : slots.shift()!;
  return {
    nodes: vnodes.length,
    guests: guests.length,
    vcpus: vcpus.length,
    frames: Math.min(nodes[0]!.frames, most),
    slots: far,
    chain: slots,
    listCapacity,
    batch,
  };
}
