// A path that a search found, as a run of the simulator: scripts for the choices of the guests, a fault plan for the devices
// that failed and the messages that were lost, the pages that reclaim wanted, what was said again, and the order of deliveries.
// `replay` runs it; shrinking and lanes work on it.
import { build, type Built, measure, type Parts } from '../../actors/index.ts';
import { Arena } from '../../memory/arena.ts';
import type { Mailboxes } from '../../memory/mailbox.ts';
import { SILENT } from '../../model/events.ts';
import type { Timeout } from '../../model/spec.ts';
import { type FaultName, numberOf, type PlannedFault, talkOf, talks } from '../../model/faults.ts';
import { messageKinds } from '../../model/messages.ts';
import { ChoosingScheduler } from '../../runtime/scheduler.ts';
import { Simulation } from '../../runtime/simulate.ts';
import { shapeOf } from '../../scenarios/small-world.ts';
import { inWords, scriptWorkload } from '../../scenarios/workloads/script.ts';
import type { Unit } from '../unit.ts';
import { populate } from './populate.ts';
import type { Bounds } from './environment.ts';
import type { Choice } from './world-system.ts';

/** Steps that a run may make after the path has ended, in the order of waiting. */
const REST = 20_000;
/** Delivers from the rings that it is told, one after the other. */
class ToldScheduler extends ChoosingScheduler {
  private readonly rings: readonly number[];

  constructor(mailboxes: Mailboxes, rings: readonly number[]) {
    super(mailboxes);
    this.rings = rings;
  }
  protected choose(ready: readonly number[]): number {
    return Math.max(0, ready.indexOf(this.rings[this.choices.length]!));
  }
}

interface Delivery {
  ring: number;
  /** The occasion at which a device fails, or a message is harmed, in this step; or null. */
  occasion: number | null;
}

/**
 * @param protocol name or file, as the unit will load it
 * @param choices from the start of the search on
 * @param bounds of the search: its scripts (left out: the choices of the guests are their scripts), and what it judged by
 */
export function unitOfPath(
  parts: Parts,
  protocol: string,
  flaws: readonly string[],
  choices: readonly Choice[],
  { scripts: searched, beyondClaims }: Pick<Bounds, 'scripts' | 'beyondClaims'> = {},
): Unit {
  const first = fresh(parts);
  const { geometry } = first.world;
  const { links } = first.system.mailboxes;
  const ringOf = (from: number, to: number) =>
    links.findIndex(({ sender, receiver }) => sender === from && receiver === to);
  const firstWrites = geometry.vcpuGuest.map((guest, v) =>
    v === geometry.guestVcpu[guest]
      ? Array.from({ length: geometry.spec.guests[guest]!.pages }, (_, page) => `write ${page}`)
      : [],
  );
  const scripts =
    searched?.map((script) => script.map(({ word, gvpn }) => inWords(word, gvpn))) ?? firstWrites;
  // What is broken before the first choice shows in the order of waiting.
  const rings = choices.length === 0 ? [] : populate(first.system, searched === undefined);
  const deliveries: Delivery[] = rings.map((ring) => ({ ring, occasion: null }));
  // A vCPU that wants more at the end of the start gets it when the path says so, and is heard then.
  for (let vcpu = 0; vcpu < geometry.vcpus && choices.length > 0; vcpu++) {
    const wants = ringOf(vcpu, geometry.feeder);
    deliveries.splice(
      deliveries.findLastIndex(({ ring }) => ring === wants),
      1,
    );
  }
  const reclaims: number[] = [];
  const timeouts: Timeout[] = [];
  for (const choice of choices) {
    if (choice.kind === 'timeout') timeouts.push({ actor: choice.actor, thing: choice.thing });
    if (choice.kind === 'deliver' || choice.kind === 'timeout')
      deliveries.push({ ring: choice.ring, occasion: choice.fault < 0 ? null : choice.occasion });
    else if (choice.kind === 'reclaim') {
      reclaims.push(choice.gfn);
      deliveries.push({ ring: ringOf(geometry.feeder, geometry.host), occasion: null });
    } else {
      const { item, vcpu } = choice;
      if (searched === undefined)
        for (const { word, gvpn } of item?.operations ?? []) scripts[vcpu]!.push(inWords(word, gvpn));
      for (const ring of [ringOf(vcpu, geometry.feeder), ringOf(geometry.feeder, vcpu)])
        deliveries.push({ ring, occasion: null });
    }
  }
  const planned = { ...parts.spec, reclaims, ...(parts.spec.timeouts && { timeouts }) };
  const { order, faults } = rehearse({ ...parts, spec: planned }, scripts, deliveries);
  // A plan with a restart says so itself.
  const { restarts: _, ...lasting } = planned;
  const spec = { ...lasting, ...(faults.length > 0 ? { faults } : {}) };
  return {
    spec,
    costs: parts.costs,
    shape: shapeOf(spec),
    workload: { kind: 'script', vcpus: scripts } as unknown as Unit['workload'],
    protocol,
    seed: 1,
    scheduler: 'random',
    choices: order,
    limit: deliveries.length + REST,
    ...(flaws.length > 0 ? { flaws } : {}),
    ...(beyondClaims && { beyondClaims }),
  };
}

function fresh(parts: Parts): Built {
  return build(new Arena(new ArrayBuffer(measure(parts))), parts, SILENT);
}

/** Makes the run once, to learn the choices of the schedule, and the how manyth of its occasions each failure was. */
function rehearse(
  parts: Parts,
  scripts: readonly string[][],
  deliveries: readonly Delivery[],
): { order: readonly number[]; faults: PlannedFault[] } {
  const { system } = fresh(parts);
  const scheduler = new ToldScheduler(
    system.mailboxes,
    deliveries.map(({ ring }) => ring),
  );
  const faults: PlannedFault[] = [];
  let step = -1;
  let inStep = 0;
  for (const context of system.contexts) {
    const occasions = new Map<string, number>();
    const send = context.send.bind(context);
    context.send = (receiver, kind, id, argument, delayNs, serial) => {
      const talk = talkOf(messageKinds[kind]!);
      const { serials, timeouts } = parts.spec;
      const deliver = () => send(receiver, kind, id, argument, delayNs, serial);
      if (serials === undefined || talk < 0 || receiver === context.self) return deliver();
      if (timeouts === undefined || !strikes(`lose ${talks[talk]!}`)) deliver();
      if (strikes(`repeat ${talks[talk]!}`)) deliver();
    };
    const strikes = (fault: FaultName): boolean => {
      const now = scheduler.choices.length - 1;
      if (now !== step) inStep = 0;
      step = now;
      const nth = (occasions.get(fault) ?? 0) + 1;
      occasions.set(fault, nth);
      if (deliveries[now]?.occasion !== inStep++) return false;
      faults.push({ fault, nth, actor: context.self });
      return true;
    };
    context.strikes = (fault, id, location?: number, instead?: number) => {
      if ((fault === 'hypervisor restart' && parts.spec.restarts !== true) || !strikes(fault)) return false;
      context.trace.fault(numberOf(fault), id, location ?? 0, instead ?? 0);
      return true;
    };
  }
  const { guests } = parts.spec;
  const workload = scriptWorkload(scripts, shapeOf(parts.spec));
  try {
    new Simulation(system, scheduler).runSync(
      guests.map((_, guest) => workload.open(1, guest)),
      deliveries.length,
    );
  } catch {
    // An assertion of the program: it is what was found.
  }
  return { order: scheduler.choices, faults };
}
