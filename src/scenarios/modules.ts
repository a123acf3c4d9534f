// The one door for what users add: a protocol, workload, topology or cost profile is a module with a default export, given
// by its path. What comes through is checked here, so that a slip is one line and not a stack trace.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CostProfile } from '../model/cost.ts';
import { resolveCosts } from '../model/cost.ts';
import type { Topology } from '../model/topology.ts';
import { completeProtocol, type Plan, type Protocol, properties, protocols, steps } from '../protocols/index.ts';
import { requestKinds, results } from '../model/words.ts';
import { didYouMean } from '../stdx/did-you-mean.ts';
import { InputError } from '../stdx/input-error.ts';
import { loadProfile } from './profiles/index.ts';
import { loadTopology } from './topologies/index.ts';
import { type WorkloadFactory, workloadNamed, workloads } from './workloads/index.ts';

const MODULE = /\.(ts|mts|js|mjs)$/;

/** A module's default export. */
async function load(file: string, what: string): Promise<Record<string, unknown>> {
  if (!existsSync(file)) throw new InputError({ file }, 'no such file', `a module with a ${what}`, 'check the path');
  let loaded: { default?: unknown };
  try {
    loaded = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
  } catch (error) {
    const at = new RegExp(`${file.replace(/.*[\\/]/, '').replaceAll('.', '\\.')}:(\\d+)(?::(\\d+))?`).exec(
      String((error as Error).stack),
    );
    const place = { file, line: at?.[1] ? Number(at[1]) : undefined, column: at?.[2] ? Number(at[2]) : undefined };
    throw new InputError(place, `does not load: ${(error as Error).message.split('\n')[0]}`, `a module with a ${what}`, 'run it with node to see more');
  }
  const value = loaded.default;
  if (typeof value !== 'object' || value === null) {
    throw new InputError({ file }, 'has no default export', `export default { ... }, a ${what}`, 'see README, "Your own protocol"');
  }
  return value as Record<string, unknown>;
}

export async function loadProtocol(nameOrFile: string): Promise<Protocol> {
  const shipped = protocols.find((protocol) => protocol.name === nameOrFile);
  if (shipped) return shipped;
  if (MODULE.test(nameOrFile)) return checkedProtocol(await load(nameOrFile, 'protocol'), nameOrFile);
  const names = protocols.map((protocol) => protocol.name);
  const guess = didYouMean(nameOrFile, names);
  const hint = guess ? `did you mean ${guess}?` : 'a file of your own ends in .ts or .js';
  throw new InputError({ file: nameOrFile || '""' }, 'no such protocol', `a file or one of ${names.join(', ')}`, hint);
}

function checkedProtocol(seen: Record<string, unknown>, file: string): Protocol {
  const refuse = (what: string, expected: string, hint: string): never => {
    throw new InputError({ file }, what, expected, hint);
  };
  for (const field of ['name', 'sentence']) {
    if (typeof seen[field] !== 'string' || seen[field] === '') refuse(`${field} is missing`, 'a string', `add ${field}: '...'`);
  }
  if (typeof seen['plan'] !== 'function') refuse('plan is missing', 'a function that returns steps', "add plan: () => ['reserve', ...]");
  const known = Object.keys(completeProtocol({ name: '', sentence: '', plan: () => [] }));
  for (const key of Object.keys(seen)) {
    if (!known.includes(key)) refuse(`unknown field '${key}'`, `one of ${known.join(', ')}`, 'leave it out');
  }
  const asks = [...requestKinds, 'nothing'];
  if (seen['guestAsks'] !== undefined && !asks.includes(seen['guestAsks'] as string)) {
    refuse(`guestAsks is '${String(seen['guestAsks'])}'`, `one of ${asks.join(', ')}`, 'leave it out for migrate');
  }
  const claims = seen['claims'];
  if (claims !== undefined && !(Array.isArray(claims) && claims.every((c) => (properties as readonly unknown[]).includes(c)))) {
    refuse('claims names an unknown property', `some of ${properties.join(', ')}`, 'leave it out to claim all');
  }
  const protocol = completeProtocol(seen as never);
  const taken = protocols.some((other) => other.name === protocol.name);
  if (taken) refuse(`name '${protocol.name}' is taken`, 'a name of its own', 'rename it');
  const plans: [string, unknown][] = [
    ...(['swapOut', 'swapIn', 'firstTouch', 'touchRemapped', 'dropResident', 'dropMoved', 'dropRemapped'] as const).map(
      (plan): [string, unknown] => [plan, protocol[plan]],
    ),
  ];
  for (const destinationBacked of [false, true]) {
    try {
      const kind = protocol.guestAsks === 'nothing' ? 'migrate' : protocol.guestAsks;
      plans.push(['plan()', protocol.plan({ kind }, { at: 'slot' }, { destinationBacked, destinationRoom: 1 })]);
    } catch (error) {
      refuse(`plan() threw: ${(error as Error).message}`, 'steps or a refusal', 'it must be a pure function');
    }
  }
  for (const [name, plan] of plans) checkPlan(name, plan, refuse);
  return protocol;
}

function checkPlan(name: string, plan: unknown, refuse: (what: string, expected: string, hint: string) => never): void {
  if (typeof plan === 'string' && (results as readonly string[]).includes(plan) && plan !== 'OK') return;
  if (!Array.isArray(plan)) return refuse(`${name} gave ${JSON.stringify(plan) ?? 'nothing'}`, 'a list of steps or a refusal', `such as ['reserve', 'accept', ...] or 'NOMEM'`);
  for (const step of plan as Plan) {
    if ((steps as readonly string[]).includes(step)) continue;
    const guess = didYouMean(String(step), steps);
    refuse(`${name} has the step '${String(step)}'`, `one of ${steps.join(', ')}`, guess ? `did you mean ${guess}?` : 'see src/protocols/protocol.ts');
  }
}

export async function loadWorkload(nameOrFile: string): Promise<WorkloadFactory> {
  const shipped = workloadNamed(nameOrFile);
  if (shipped) return shipped;
  if (MODULE.test(nameOrFile)) {
    const seen = await load(nameOrFile, 'workload');
    if (typeof seen['create'] === 'function' && typeof seen['name'] === 'string') {
      return { defaults: {}, sentence: '', ...seen } as unknown as WorkloadFactory;
    }
    throw new InputError({ file: nameOrFile }, 'is no workload', 'name and create(shape, parameters)', 'see src/scenarios/workloads/uniform.ts');
  }
  const names = workloads.map((workload) => workload.name);
  const guess = didYouMean(nameOrFile, names);
  const hint = guess ? `did you mean ${guess}?` : 'recorded accesses are given with --trace FILE';
  throw new InputError({ file: nameOrFile || '""' }, 'no such workload', `a module or one of ${names.join(', ')}`, hint);
}

export async function loadTopologyOrModule(nameOrFile: string, readStdin: () => string): Promise<Topology> {
  if (!MODULE.test(nameOrFile)) return loadTopology(nameOrFile, readStdin);
  const seen = await load(nameOrFile, 'topology');
  const topology = { warnings: [], name: nameOrFile, ...seen } as unknown as Topology;
  const { nodes, distances } = topology;
  const square = Array.isArray(nodes) && Array.isArray(distances) && distances.length === nodes.length;
  if (!square || nodes.length === 0 || !distances.every((row) => Array.isArray(row) && row.length === nodes.length)) {
    throw new InputError({ file: nameOrFile }, 'is no topology', 'nodes and a square matrix of distances', 'see src/model/topology.ts');
  }
  return topology;
}

export async function loadProfileOrModule(nameOrFile: string): Promise<CostProfile> {
  if (!MODULE.test(nameOrFile)) return loadProfile(nameOrFile);
  const profile = (await load(nameOrFile, 'cost profile')) as unknown as CostProfile;
  try {
    resolveCosts(profile);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError({ file: nameOrFile }, 'is no cost profile', 'name, cpu, memory and stores', 'see src/scenarios/profiles/skylake-2s.ts');
  }
  return profile;
}
