// From a scenario to a world: names become parts, sizes become frames, kernel node ids become indexes. Everything that
// cannot work is refused here, before anything runs.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { measure } from '../actors/index.ts';
import { type Costs, resolveCosts } from '../model/cost.ts';
import type { GuestShape, Workload } from '../model/script.ts';
import { BULK_VNODES } from '../model/script.ts';
import { isPlain } from '../model/list-policy.ts';
import type { GuestVariants, WorldSpec } from '../model/spec.ts';
import type { Topology } from '../model/topology.ts';
import { type Protocol, protocols as shipped } from '../protocols/index.ts';
import { present } from '../stdx/assert.ts';
import { RunningHash } from '../stdx/hash.ts';
import { InputError, type Place } from '../stdx/input-error.ts';
import { loadProfileOrModule, loadProtocol, loadTopologyOrModule, MODULE } from './modules.ts';
import { partsOf, workloadOf } from './parts.ts';
import { bytesOf, chainOf, guestVariantsSchema, isScript, isTrace, type Scenario } from './scenario.ts';
import { type RefuseScript, SEE_SCRIPTS } from './workloads/script.ts';
import { refuseAbsent } from './workloads/script-numbers.ts';

const PAGE_BYTES = 4096;
/** Costs of a machine that has no profile of its own. */
const DEFAULT_PROFILE = 'skylake-2s';
/** Gfns that may share an entry of a moved list. */
const TAGS = (1 << 16) - 1;

export interface Experiment {
  scenario: Scenario;
  topology: Topology;
  spec: WorldSpec;
  /** The cost profile as it was named: by the scenario, else by its topology. */
  profile: string;
  costs: Costs;
  protocols: Protocol[];
  /** What every guest looks like to the workload, and the workload. */
  shape: GuestShape;
  workload: Workload;
  hash: string;
  /** Bytes of one world. */
  bytes: number;
}

/** Where a part of the scenario was said: in a file, or by a flag. */
export type From = (...path: PropertyKey[]) => Place;

/**
 * @param said where the scenario was said, for messages; or just what it came from
 * @param readStdin text of stdin, for a topology given as `-`
 * @param memoryBytes memory that a run may take
 * @param loaded the scenario's topology, where it was needed before
 */
export async function assemble(
  scenario: Scenario,
  said: string | From,
  readStdin: () => string,
  memoryBytes: number,
  loaded?: Topology,
): Promise<Experiment> {
  const from: From = typeof said === 'string' ? () => ({ file: said }) : said;
  const topology = loaded ?? (await loadTopologyOrModule(scenario.host.topology, readStdin));
  const profile = scenario.host.profile ?? topology.profile ?? DEFAULT_PROFILE;
  const costs = resolveCosts(await loadProfileOrModule(profile));
  const protocols = scenario.protocols
    ? await Promise.all(scenario.protocols.map((name) => loadProtocol(name)))
    : [...shipped];
  const names = protocols.map((protocol) => protocol.name);
  if (new Set(names).size !== names.length) {
    throw new InputError(
      from('protocols'),
      `protocols ${names.join(', ')}`,
      'each protocol once',
      'drop the second',
    );
  }
  const { spec, shape, workload } = await worldOf(scenario, topology, from);
  const experiment = {
    scenario,
    topology,
    spec,
    profile,
    costs,
    protocols,
    shape,
    workload,
    hash: hashOf(scenario, spec),
    bytes: 0,
  };
  experiment.bytes = bytesOrRefusal(experiment, from, memoryBytes);
  return experiment;
}

function bytesOrRefusal(experiment: Experiment, from: From, memoryBytes: number): number {
  const size = (bytes: number) =>
    bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 10)} KiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const { spec } = experiment;
  const cells = spec.guests.reduce(
    (sum, guest) => sum + guest.vnodes.reduce((s, vnode) => s + vnode.gfns, 0),
    0,
  );
  const pages = [...spec.nodes.map((node) => node.frames), ...spec.stores.map((store) => store.slots)].reduce(
    (a, b) => a + b,
    0,
  );
  if (cells > 2 ** 29 || pages > 2 ** 29) {
    const path =
      cells > 2 ** 29
        ? ['workload']
        : ['host', scenarioMemoryIsLargest(experiment) ? 'memory' : 'newLocation'];
    throw new InputError(
      from(...path),
      `a world of ${cells} Gfns and ${pages} frames and slots`,
      'at most 2^29 of each',
      'make the guest, memory or store smaller',
    );
  }
  const perGuest = cells / spec.guests.length;
  const leastEntries = Math.floor(perGuest / TAGS) + 1;
  if (spec.listCapacity < leastEntries)
    throw new InputError(
      from('guests', 'listCapacity'),
      `guests.listCapacity ${spec.listCapacity}`,
      `at least ${leastEntries} for a guest of ${perGuest} Gfns`,
      'an entry tells 65,535 Gfns apart',
    );
  const bytes = measure(partsOf(experiment, present(experiment.protocols[0], 'protocol')));
  if (bytes > memoryBytes) {
    const path = scenarioMemoryIsLargest(experiment) ? ['host', 'memory'] : ['workload'];
    throw new InputError(
      from(...path),
      `one run needs up to ${size(bytes)}`,
      `at most ${size(memoryBytes)}, what this machine or --max-memory gives`,
      'use fewer pages, less memory or a smaller store',
    );
  }
  return bytes;
}

function scenarioMemoryIsLargest({ spec }: Experiment): boolean {
  const frames = spec.nodes.reduce((sum, node) => sum + node.frames, 0);
  const slots = spec.stores.reduce((sum, store) => sum + store.slots, 0);
  return frames > slots;
}

/**
 * Of the workload and the world: whether two results are of one experiment. Files that the workload names count with their
 * names and lengths, not with their folders, nor with what is in them. Costs, protocols, seeds and faults do not count.
 */
function hashOf({ workload }: Scenario, spec: WorldSpec): string {
  const named = isTrace(workload)
    ? { ...workload, files: workload.files.map(nameAndLength) }
    : !isScript(workload) && MODULE.test(workload.kind)
      ? { ...workload, kind: nameAndLength(workload.kind) }
      : workload;
  return new RunningHash().text(JSON.stringify([named, spec])).digest();
}

/** Of a file that has been found to be there. */
function nameAndLength(file: string): string {
  return `${basename(file)} of ${statSync(file).size} bytes`;
}

async function worldOf(
  scenario: Scenario,
  topology: Topology,
  from: From,
): Promise<{ spec: WorldSpec; shape: GuestShape; workload: Workload }> {
  const { host, guests } = scenario;
  const positions = pinnedNodes(scenario, topology, from);
  const places = chainOf(host);
  const { used, attached } = usedNodes(positions, places, topology, from);
  const memoryBytes = bytesOf(host.memory)!;
  const frames = Math.floor(memoryBytes / PAGE_BYTES);
  if (frames < 4)
    throw new InputError(
      from('host', 'memory'),
      `memory ${host.memory}`,
      'at least 16KiB a node',
      'four pages are the least that can move',
    );

  refuseCombinations(guests, from);
  const stamped = scenario.contents === 'stamps';
  const pageWords = stamped ? 1 : PAGE_BYTES / 4;
  const shape: GuestShape = {
    vcpuVnodes: Array.from({ length: guests.vcpus }, (_, vcpu) => vcpu % positions.length),
    vnodes: Math.min(positions.length, BULK_VNODES),
    pageWords,
  };
  refuseUnmovable(scenario, shape, from);
  const refuseScript = scriptRefusal(from);
  const workload = await workloadOf(scenario.workload, shape, refuseScript);
  const { pages } = workload;
  const gfnsPerVnode =
    guests.memory === undefined ? pages * guests.vcpus : Math.floor(bytesOf(guests.memory)! / PAGE_BYTES);
  // Each vCPU allocates from its shares alone, and needs a spare Gfn to move a page to.
  const share = Math.floor(gfnsPerVnode / guests.vcpus) * positions.length;
  const least = (workload.pagesPerVcpu ?? pages) + 1;
  if (guests.memory !== undefined && share < least)
    throw new InputError(
      from('guests', 'memory'),
      `guests.memory ${guests.memory}`,
      `at least ${Math.ceil((least / positions.length) * guests.vcpus) * (PAGE_BYTES / 1024)}KiB a vNode`,
      `a vCPU of this workload touches ${least - 1} pages first`,
    );
  const slots = places.map(({ size }) =>
    size === undefined ? pages * guests.count * positions.length : Math.floor(bytesOf(size)! / PAGE_BYTES),
  );
  const empty = slots.findIndex((wanted) => wanted < 1);
  if (empty >= 0)
    throw new InputError(
      from('host', 'newLocation', 'size'),
      `newLocation.size ${String(places[empty]!.size)}`,
      'at least 4KiB',
      'give it room for a page',
    );
  const { framesAt, ...tiering } = farMemoryOf(places, attached, positions, slots, topology, from);
  const { stores, moveTo } = storesOf(places, attached, used, slots);
  const capacity = positions.length * frames + slots.reduce((sum, wanted) => sum + wanted, 0);
  if (capacity < pages * guests.count + positions.length) {
    throw new InputError(
      from('host', 'memory'),
      `memory and new location hold ${capacity} pages`,
      `room for the guests' ${pages * guests.count}`,
      'enlarge host.memory or newLocation.size',
    );
  }
  const spec: WorldSpec = {
    pageWords,
    ...(stamped ? { contents: 'stamps' as const } : {}),
    nodes: used.map((position) => ({
      id: topology.nodes[position]!.id,
      frames: positions.includes(position) ? frames : (framesAt.get(position) ?? 0),
      hasCpus: topology.nodes[position]!.cpus.length > 0,
    })),
    distances: used.map((i) => used.map((j) => topology.distances[i]![j]!)),
    stores,
    guests: Array.from({ length: guests.count }, () => ({
      pages,
      vnodes: positions.map((_, node) => ({ node, gfns: gfnsPerVnode })),
      vcpus: [...shape.vcpuVnodes],
    })),
    moveTo,
    listCapacity: guests.listCapacity ?? gfnsPerVnode * positions.length,
    batch: guests.batch,
    tlbEntries: guests.tlbEntries,
    burst: 64,
    chunk: 4096,
    policy: policyOf(host, guests, tiering),
    ...(isPlain(guests.list) ? {} : { list: guests.list }),
  };
  if (isScript(scenario.workload)) refuseAbsent(scenario.workload.vcpus, spec, refuseScript);
  return { spec, shape, workload };
}

/** A traced task goes from one vNode to another: where there is one only, that is what is wrong, and not the moving. */
function refuseUnmovable({ workload }: Scenario, { vcpuVnodes, vnodes }: GuestShape, from: From): void {
  if (!isTrace(workload) || workload.moveEvery === undefined || new Set(vcpuVnodes).size > 1) return;
  const [what, expected, place] =
    vnodes < 2
      ? ['there is one vNode', 'two nodes or more', from('host', 'nodes')]
      : ['all vCPUs are on one vNode', 'two vCPUs or more', from('guests', 'vcpus')];
  throw new InputError(
    place,
    what,
    `${expected}, for a task that moves`,
    'a scenario without moveEvery leaves the task where it is',
  );
}

type Places = ReturnType<typeof chainOf>;

/** The world's nodes, as positions in the topology: those that are pinned to, and those that keep or carry what was moved. */
function usedNodes(
  positions: readonly number[],
  places: Places,
  topology: Topology,
  from: From,
): { used: number[]; attached: number[] } {
  const attached = places.map(({ node }) => {
    if (node === undefined) return positions[0]!;
    const position = topology.nodes.findIndex(({ id }) => id === node);
    if (position >= 0) return position;
    const ids = topology.nodes.map(({ id }) => id).join(', ');
    throw new InputError(
      from('host', 'newLocation'),
      `newLocation names node ${node}`,
      `one of ${ids}`,
      `topology ${topology.name} has no such node`,
    );
  });
  return { used: [...new Set([...positions, ...attached])], attached };
}

/** What guests cannot have at once. */
function refuseCombinations(guests: Scenario['guests'], from: From): void {
  if ((guests.hugePages ?? 0) > guests.batch)
    throw new InputError(
      from('guests', 'hugePages'),
      `guests.hugePages ${guests.hugePages}`,
      `at most guests.batch, ${guests.batch}`,
      'a huge page is moved with one hypercall',
    );
  const unaliased = (['hugePages', 'freePageReporting', 'poison'] as const).find((name) => guests[name]);
  if (guests.remap === 'hasid-alias' && unaliased !== undefined)
    throw new InputError(
      from('guests', 'remap'),
      `guests.remap hasid-alias with ${unaliased}`,
      'one or the other',
      'where a vNode is a name in the address, a Gfn is not free, huge or poisoned in one vNode alone',
    );
}

interface Tiering {
  far: 'unmapped' | 'mapped';
  promoteOnAccess: boolean;
}

/** @returns by position the frames of far memory, and how all of it is used */
function farMemoryOf(
  places: Places,
  attached: readonly number[],
  positions: readonly number[],
  slots: readonly number[],
  topology: Topology,
  from: From,
): Tiering & { framesAt: Map<number, number> } {
  const framesAt = new Map<number, number>();
  const tiering: Tiering = { far: 'unmapped', promoteOnAccess: false };
  const refuse = (what: string, expected: string, hint: string): never => {
    throw new InputError(from('host', 'newLocation'), what, expected, hint);
  };
  places.forEach((place, i) => {
    if (place.kind !== 'far') return;
    const position = attached[i]!;
    const here = `far memory on node ${topology.nodes[position]!.id}`;
    if (positions.includes(position))
      refuse(here, 'a node that no vNode is pinned to', 'choose another node, or host.nodes');
    if (framesAt.has(position)) refuse(`${here} twice`, 'each node once', 'drop the second');
    const differs = place.mode !== tiering.far || place.promoteOnAccess !== tiering.promoteOnAccess;
    if (framesAt.size > 0 && differs)
      refuse(`${here} is ${place.mode}, others are not`, 'one mode for all far memory', 'give all the same');
    if (place.promoteOnAccess && place.mode !== 'mapped')
      refuse('promoteOnAccess of unmapped far memory', 'mode: mapped', 'nobody touches what is not mapped');
    tiering.far = place.mode;
    tiering.promoteOnAccess = place.promoteOnAccess;
    framesAt.set(position, slots[i]!);
  });
  return { ...tiering, framesAt };
}

/** Stores in the order of the chain, and the chain itself as homes: nodes first, then stores. */
function storesOf(
  places: Places,
  attached: readonly number[],
  used: readonly number[],
  slots: readonly number[],
): Pick<WorldSpec, 'stores' | 'moveTo'> {
  const stores: WorldSpec['stores'] = [];
  const moveTo = places.map((place, i) => {
    const node = used.indexOf(attached[i]!);
    if (place.kind === 'far') return node;
    const { kind } = place;
    const name = `${kind}${stores.filter((store) => store.kind === kind).length}`;
    return used.length + stores.push({ name, kind, slots: slots[i]!, node }) - 1;
  });
  return { stores, moveTo };
}

function policyOf(
  host: Scenario['host'],
  guests: Scenario['guests'],
  { far, promoteOnAccess }: Tiering,
): WorldSpec['policy'] {
  return {
    lowWatermarkPercent: host.watermarks.low,
    highWatermarkPercent: host.watermarks.high,
    idleScans: host.idleScans,
    scanPerTick: host.scanPerTick,
    accessesPerTick: host.accessesPerTick,
    reclaimBatch: host.reclaimBatch,
    prefetch: host.prefetch,
    hintPages: guests.hintPages,
    accessesPerScan: guests.accessesPerScan,
    heldFault: host.heldFault,
    swapCache: host.swapCache,
    readAhead: host.readAhead.pages,
    readAheadBy: host.readAhead.by,
    cachedRequest: host.cachedRequest,
    sharedRequest: host.sharedRequest,
    hold: guests.hold,
    holdTicks: host.holdTicks,
    far,
    promoteOnAccess,
    writebackPercent: host.writebackPercent,
    writebackScans: host.writebackScans,
    encryption: host.encryption,
    attempts: guests.attempts,
    ...guestVariantsOf(guests),
  };
}

/** Complaints about a scenario's script, each at the words that it is about. */
export function scriptRefusal(from: From): RefuseScript {
  return (at, what, expected, hint = SEE_SCRIPTS) => {
    throw new InputError(from('workload', 'vcpus', ...at), what, expected, hint);
  };
}

/** Only what was asked for: a scenario that asks for nothing keeps its hash. */
function guestVariantsOf(guests: Scenario['guests']): { guest?: GuestVariants } {
  const names = Object.keys(guestVariantsSchema.shape) as (keyof GuestVariants)[];
  const asked = names.filter((name) => guests[name] !== undefined && guests[name] !== false);
  if (asked.length === 0) return {};
  return { guest: Object.fromEntries(asked.map((name) => [name, guests[name]])) };
}

/** Positions of the nodes that vNodes are pinned to. */
function pinnedNodes(scenario: Scenario, topology: Topology, from: From): number[] {
  const usable = topology.nodes.flatMap((node, position) =>
    node.cpus.length > 0 && node.memoryMiB > 0 ? [position] : [],
  );
  const wanted = scenario.host.nodes;
  if (!wanted) {
    if (usable.length < 2) {
      throw new InputError(
        from('host', 'topology'),
        `topology ${topology.name} has ${usable.length} node(s) with CPUs and memory`,
        'at least two to balance between',
        'try --topology amd-epyc9224-2s-nps2-cxl-5n',
      );
    }
    return usable.slice(0, 2);
  }
  if (new Set(wanted).size !== wanted.length)
    throw new InputError(
      from('host', 'nodes'),
      `host.nodes ${wanted.join(', ')}`,
      'each node once',
      'drop the second',
    );
  const ids = usable.map((position) => topology.nodes[position]!.id);
  return wanted.map((id) => {
    const position = usable.find((p) => topology.nodes[p]!.id === id);
    if (position !== undefined) return position;
    throw new InputError(
      from('host', 'nodes'),
      `host.nodes names node ${id}`,
      `nodes with CPUs and memory: ${ids.join(', ')}`,
      `vCPUs are pinned where their vNode is; topology ${topology.name}`,
    );
  });
}
