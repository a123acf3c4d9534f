// The one door for what users add: a protocol, workload, topology or cost profile is a module with a default export, given
// by its path. What comes through is checked here, so that a slip is one line and not a stack trace. Topologies and profiles
// are loaded when one is asked for: the threads of a run have no use for them.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CostProfile } from '../model/cost.ts';
import { resolveCosts } from '../model/cost.ts';
import type { Topology } from '../model/topology.ts';
import { requestKinds, results } from '../model/words.ts';
import {
  completeProtocol,
  type HostView,
  type PageView,
  type Protocol,
  properties,
  protocols,
  type RequestView,
  steps,
} from '../protocols/index.ts';
import { hostPlans } from '../protocols/host-plans.ts';
import { validateHostPlans, validatePlan } from '../protocols/order.ts';
import { hostViews, pageViews, roomyViews } from '../protocols/views.ts';
import { sourceAt, typesAt } from '../stdx/checkout.ts';
import { didYouMean } from '../stdx/did-you-mean.ts';
import { InputError } from '../stdx/input-error.ts';
import { quote, valueAt } from './quote.ts';
import { attempt, codeOf, isInputError, refusalOf, type Told } from './thrown.ts';
import { guarded } from './workloads/guarded.ts';
import { type WorkloadFactory, workloadNamed, workloads } from './workloads/index.ts';

/** What Node says of TypeScript in a package. */
const UNSTRIPPED = 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING';
/** How a file of the user's own ends. */
export const MODULE = /\.(ts|mts|js|mjs)$/;

/** A module's default export; within something, as a promise of it would look for its `then`. */
async function load(file: string, what: string): Promise<{ seen: Record<string, unknown> }> {
  if (!existsSync(file)) {
    throw new InputError({ file }, 'no such file', `a module with a ${what}`, 'check the path');
  }
  let loaded: { default?: unknown };
  try {
    loaded = (await orNever(import(pathToFileURL(resolve(file)).href))) as { default?: unknown };
  } catch (error) {
    if (codeOf(error) === UNSTRIPPED)
      throw new InputError(
        { file },
        'is TypeScript below node_modules, which Node does not run',
        'a file elsewhere',
        'copy it out of node_modules',
      );
    const told = { expected: `a module with a ${what}`, hint: 'run it with node to see more' };
    throw refusalOf(error, file, 'does not load:', told);
  }
  const value = loaded.default;
  if (typeof value === 'object' && value !== null) return { seen: value as Record<string, unknown> };
  const seen = value === undefined ? 'has no default export' : `its default export is a ${typeof value}`;
  throw new InputError(
    { file },
    seen,
    `export default { ... }, a ${what}`,
    'see README, "Your own machine, trace, protocol"',
  );
}

/** Looks at a default export. */
function looking<T>(file: string, what: string, look: () => T): T {
  const hint = 'it must hold plain values and functions';
  return attempt(file, 'its default export', { expected: `a ${what}`, hint }, look);
}

/** What ends the wait for modules that are being loaded. */
const waits = new Set<() => void>();

/** Fails once `nothingIsLeft`. */
async function orNever<T>(waited: Promise<T>): Promise<T> {
  let never = () => {};
  const failing = new Promise<never>((_, failed) => {
    never = () => failed(new Error('it waits for what never comes'));
  });
  waits.add(never);
  try {
    return await Promise.race([waited, failing]);
  } finally {
    waits.delete(never);
  }
}
/** Nothing is left that could happen in this process: a module that is still being loaded never will be. */
export function nothingIsLeft(): void {
  for (const never of waits) never();
}

export async function loadProtocol(nameOrFile: string): Promise<Protocol> {
  const shipped = protocols.find((protocol) => protocol.name === nameOrFile);
  if (shipped) return shipped;
  if (MODULE.test(nameOrFile)) {
    const { seen } = await load(nameOrFile, 'protocol');
    return looking(nameOrFile, 'protocol', () => checkedProtocol(seen, nameOrFile));
  }
  const names = protocols.map((protocol) => protocol.name);
  const guess = didYouMean(nameOrFile, names);
  const hint = guess ? `did you mean ${guess}?` : 'a file of your own ends in .ts or .js';
  throw new InputError(
    { file: nameOrFile || '""' },
    'no such protocol',
    `a file or one of ${names.join(', ')}`,
    hint,
  );
}

type Refuse = (what: string, expected: string, hint: string) => never;

/** A name is a heading of a table and part of a file's name. */
const NAME = /^[A-Za-z0-9][\w.-]{0,39}$/;

function checkedProtocol(seen: Record<string, unknown>, file: string): Protocol {
  const refuse: Refuse = (what, expected, hint) => {
    throw new InputError({ file }, what, expected, hint);
  };
  for (const field of ['name', 'sentence']) {
    if (typeof seen[field] !== 'string' || seen[field] === '') {
      refuse(`${field} is missing`, 'a string', `add ${field}: '...'`);
    }
  }
  if (!NAME.test(seen['name'] as string)) {
    refuse(
      `name is ${quote(seen['name'])}`,
      'letters, digits, dots and dashes, 40 at most',
      'shorten it; the rest goes into sentence',
    );
  }
  if (typeof seen['plan'] !== 'function') {
    refuse('plan is missing', 'a function that returns steps', "add plan: () => ['reserve', ...]");
  }
  const known = [...Object.keys(completeProtocol({ name: '', sentence: '', plan: () => [] })), 'unchecked'];
  for (const key of Object.keys(seen)) {
    const guess = didYouMean(key, known);
    const hint = guess ? `did you mean ${guess}?` : 'leave it out';
    if (!known.includes(key)) refuse(`unknown field ${quote(key)}`, `one of ${known.join(', ')}`, hint);
  }
  const asks = [...requestKinds, 'nothing'];
  if (seen['guestAsks'] !== undefined && !asks.includes(seen['guestAsks'] as string)) {
    refuse(
      `guestAsks is ${quote(seen['guestAsks'])}`,
      `one of ${asks.join(', ')}`,
      'leave it out for migrate',
    );
  }
  const { unchecked } = seen;
  if (unchecked !== undefined && typeof unchecked !== 'boolean')
    refuse(`unchecked is ${quote(unchecked)}`, 'true or false', 'leave it out to have the plans checked');
  const claims = seen['claims'];
  if (claims !== undefined) {
    if (!Array.isArray(claims))
      refuse(`claims is ${quote(claims)}`, 'a list of properties', 'leave it out to claim all');
    for (const claim of claims as unknown[]) {
      if ((properties as readonly unknown[]).includes(claim)) continue;
      const guess = typeof claim === 'string' ? didYouMean(claim, properties) : undefined;
      const hint = guess ? `did you mean ${guess}?` : 'leave claims out to claim all';
      refuse(`claims names ${quote(claim)}`, `some of ${properties.join(', ')}`, hint);
    }
  }
  const protocol = completeProtocol(seen as never);
  const taken = protocols.some((other) => other.name === protocol.name);
  if (taken) refuse(`name '${protocol.name}' is taken`, 'a name of its own', 'rename it');
  for (const plan of hostPlans) {
    if (!Array.isArray(protocol[plan]))
      refuse(`${plan} is ${quote(protocol[plan])}`, 'a list of steps', 'leave it out for the usual one');
    checkPlan(plan, protocol[plan], refuse);
  }
  const wrong = protocol.unchecked ? null : validateHostPlans(protocol);
  if (wrong) refuse(`${wrong.where} ${wrong.reason}`, 'an order that can be right', WATCH);
  const checked = { ...protocol, plan: checkedPlan(protocol, file) };
  // All that a plan can be asked, so that most of what is wrong shows before anything has run.
  const kind = checked.guestAsks === 'nothing' ? 'migrate' : checked.guestAsks;
  // Not under keys that name pages: who knows nothing of them may well serve where there are none.
  for (const page of pageViews)
    for (const host of [...hostViews, ...roomyViews]) checked.plan({ kind }, page, host);
  return checked;
}

const WATCH = `see ${sourceAt('src/protocols/order.ts')}; add unchecked: true to watch what breaks`;

const PURE: Told = { expected: 'steps or a refusal', hint: 'it must be a pure function' };

/** The plan of a user's protocol, whose every answer is looked at: one that depends on what it should not may go wrong late. */
function checkedPlan(protocol: Protocol, file: string): Protocol['plan'] {
  const inModule: Refuse = (what, expected, hint) => {
    throw new InputError({ file }, what, expected, hint);
  };
  return (request: RequestView, page: PageView, host: HostView) => {
    const plan = attempt(file, 'plan()', PURE, () => {
      const given = protocol.plan(request, page, host);
      checkPlan('plan()', given, inModule);
      return given;
    });
    if (typeof plan === 'string' || protocol.unchecked || protocol.guestAsks === 'nothing') return plan;
    // Only what is in a slot is sealed.
    const keysNamePages = host.keysNamePages === true && page.at === 'slot';
    const { destinationBacked } = host;
    const reason = validatePlan(request.kind, plan, { destinationBacked, keysNamePages });
    if (reason !== null) {
      const when =
        (destinationBacked ? ', with the destination backed,' : '') +
        (keysNamePages ? ', with keys that name pages,' : '');
      inModule(`plan() for ${request.kind}${when} ${reason}`, 'an order that can be right', WATCH);
    }
    return plan;
  };
}

function checkPlan(name: string, plan: unknown, refuse: Refuse): void {
  if (typeof plan === 'string' && (results as readonly string[]).includes(plan) && plan !== 'OK') return;
  if (!Array.isArray(plan)) {
    return refuse(
      `${name} gave ${quote(plan)}`,
      'a list of steps or a refusal',
      "such as ['reserve', 'accept', ...] or 'NOMEM'",
    );
  }
  for (const step of plan as unknown[]) {
    if ((steps as readonly unknown[]).includes(step)) continue;
    const guess = typeof step === 'string' ? didYouMean(step, steps) : undefined;
    const hint = guess ? `did you mean '${guess}'?` : `see ${sourceAt('src/protocols/protocol.ts')}`;
    refuse(`${name} has the step ${quote(step)}`, `one of ${steps.join(', ')}`, hint);
  }
}

export async function loadWorkload(nameOrFile: string): Promise<WorkloadFactory> {
  const shipped = workloadNamed(nameOrFile);
  if (shipped) return shipped;
  if (MODULE.test(nameOrFile)) {
    const { seen } = await load(nameOrFile, 'workload');
    return looking(nameOrFile, 'workload', () => {
      if (typeof seen['create'] === 'function' && typeof seen['name'] === 'string')
        return guarded({ defaults: {}, sentence: '', ...seen } as unknown as WorkloadFactory, nameOrFile);
      const hint = `see ${sourceAt('src/scenarios/workloads/uniform.ts')}`;
      throw new InputError(
        { file: nameOrFile },
        'is no workload',
        'name and create(shape, parameters)',
        hint,
      );
    });
  }
  const names = workloads.map((workload) => workload.name);
  const guess = didYouMean(nameOrFile, names);
  const hint = guess ? `did you mean ${guess}?` : 'a file of your own ends in .ts or .js';
  throw new InputError(
    { file: nameOrFile || '""' },
    'no such workload',
    `a module or one of ${names.join(', ')}`,
    hint,
  );
}

export async function loadTopologyOrModule(nameOrFile: string, readStdin: () => string): Promise<Topology> {
  if (!MODULE.test(nameOrFile))
    return (await import('./topologies/index.ts')).loadTopology(nameOrFile, readStdin);
  const refuse: Refuse = (what, expected, hint) => {
    throw new InputError({ file: nameOrFile }, what, expected, hint);
  };
  const { topologySchema } = await import('./topologies/schema.ts');
  const { seen: given } = await load(nameOrFile, 'topology');
  const { seen, parsed } = looking(nameOrFile, 'topology', () => {
    const named = { warnings: [], name: nameOrFile, ...given };
    return { seen: named, parsed: topologySchema.safeParse(named) };
  });
  if (!parsed.success) {
    const { expectation } = await import('./complaint.ts');
    const issue = parsed.error.issues[0]!;
    const value = valueAt(seen, issue.path);
    return refuse(
      `${issue.path.join('.')} is ${value === undefined ? 'missing' : quote(value)}`,
      expectation(issue),
      `see ${typesAt('src/model/topology.ts')}`,
    );
  }
  const { nodes, distances } = parsed.data;
  if (distances.length !== nodes.length || distances.some((row) => row.length !== nodes.length)) {
    refuse(
      'distances do not fit the nodes',
      `${nodes.length} rows of ${nodes.length}`,
      'one row and column a node',
    );
  }
  if (new Set(nodes.map((node) => node.id)).size !== nodes.length) {
    refuse('two nodes have one id', 'each id once', "ids are the kernel's");
  }
  return parsed.data;
}

export async function loadProfileOrModule(nameOrFile: string): Promise<CostProfile> {
  if (!MODULE.test(nameOrFile)) return (await import('./profiles/index.ts')).loadProfile(nameOrFile);
  const profile = (await load(nameOrFile, 'cost profile')).seen as unknown as CostProfile;
  try {
    resolveCosts(profile, nameOrFile);
  } catch (error) {
    if (isInputError(error)) throw error;
    const hint = `see ${sourceAt('src/scenarios/profiles/skylake-2s.ts')}`;
    throw new InputError({ file: nameOrFile }, 'is no cost profile', 'name, cpu, memory and stores', hint);
  }
  return profile;
}
