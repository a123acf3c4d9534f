// Which orders of steps are legal, and why the others are not. FIG. 3's steps 310, 315, 320 and 325 may come in any legal
// order and each may be left out (paragraph 25): what "legal" means is said in plan-shapes.ts, as dependencies between steps,
// each with its reason. From them come the list of all legal plans and the refusal of an illegal one.
import { type RequestKind, requestKinds } from '../model/words.ts';
import { hostPlans } from './host-plans.ts';
import { ON_THE_LIST, type PlanFor, shapes } from './plan-shapes.ts';
import type { HostPlans, Plan, Protocol, Step } from './protocol.ts';

/** What a plan must reckon with. */
export interface Circumstances {
  /** Something still backs the destination Gfn. */
  destinationBacked?: boolean;
  /** The protocol keeps a moved list: its swap-outs export. Default: it does. */
  listed?: boolean;
  /** Slots open under their page's name only: a remap must key them anew. */
  keysNamePages?: boolean;
}

/** Plans after which a page is not on the list any more. */
const RETIRING: readonly PlanFor[] = [
  'swapIn',
  'swapInClean',
  'touchRemapped',
  'touchRemappedClean',
  'dropMoved',
  'readAhead',
];

/** Which optional steps are not optional here. */
function mustHave(
  where: PlanFor,
  { destinationBacked = false, listed = true, keysNamePages = false }: Circumstances,
) {
  const { required } = shapes[where];
  const more: (readonly [Step, string])[] = [];
  if (destinationBacked && isRequest(where))
    more.push(['vacate', 'something backs the destination Gfn already']);
  if (keysNamePages && (where === 'map' || where === 'map-then-migrate'))
    more.push(['rekey', 'the slot would open under the old name only']);
  if (listed && (where === 'swapOut' || where === 'swapOutClean' || where === 'trimCached'))
    more.push(['export', 'a moved page would not be on the list']);
  if (listed && RETIRING.includes(where)) more.push(['retire', ON_THE_LIST]);
  return [...required, ...more];
}
function isRequest(where: PlanFor): where is RequestKind {
  return (requestKinds as readonly string[]).includes(where);
}

/** @returns why the plan cannot be right, or null */
export function validatePlan(where: PlanFor, plan: Plan, circumstances: Circumstances = {}): string | null {
  const { optional, barred, order } = shapes[where];
  const must = mustHave(where, circumstances);
  const times = (step: Step) => plan.filter((other) => other === step).length;
  for (const step of plan) {
    const most = Math.max(must.filter(([other]) => other === step).length, Number(optional.includes(step)));
    if (most === 0) return `has the step ${step}: ${barred[step] ?? 'it has no meaning there'}`;
    if (times(step) > most) return `has the step ${step} ${times(step)} times, ${most} at most`;
  }
  for (const [step, because] of must) {
    const least = must.filter(([other]) => other === step).length;
    if (times(step) < least) return `lacks the step ${step}: ${because}`;
  }
  for (const { step, after, because } of order) {
    // Of two shootdowns the first is for what was protected, the second for what was unmapped: see `placesOf`.
    const [place, partner] = placesOf(where, plan, step, after);
    if (place >= 0 && place < partner) return `has ${step} before ${after}: ${because}`;
  }
  const [unmapped, shot] = [plan.indexOf('unmap'), plan.lastIndexOf('shootdown')];
  if (where === 'swapOut' && shot < unmapped)
    return 'has its last shootdown before unmap: a vCPU would walk to the frame again';
  return null;
}

/** Where two steps are that depend on each other: of a step that comes twice, the one that is meant. */
function placesOf(where: PlanFor, plan: Plan, step: Step, after: Step): [number, number] {
  const place = plan.indexOf(step);
  if (where === 'swapOut' && step === 'release') return [place, plan.lastIndexOf(after)];
  return [place, plan.indexOf(after)];
}

/** Every legal plan: each order that the dependencies allow of each set of steps that does what is asked. */
export function legalPlans(where: PlanFor, circumstances: Circumstances = {}): Plan[] {
  const must = mustHave(where, circumstances).map(([step]) => step);
  const others = shapes[where].optional.filter((step) => !must.includes(step));
  const found = new Map<string, Plan>();
  for (let chosen = 0; chosen < 1 << others.length; chosen++) {
    const steps = [...must, ...others.filter((_, bit) => (chosen & (1 << bit)) !== 0)];
    extend(where, [], steps, circumstances, found);
  }
  return [...found.values()];
}

/** Adds one step after the other, as long as nothing that must come before it is still to come. */
function extend(
  where: PlanFor,
  begun: readonly Step[],
  left: readonly Step[],
  circumstances: Circumstances,
  found: Map<string, Plan>,
): void {
  if (left.length === 0) {
    if (!found.has(begun.join()) && validatePlan(where, begun, circumstances) === null)
      found.set(begun.join(), begun);
    return;
  }
  for (const step of new Set(left)) {
    const rest = left.toSpliced(left.indexOf(step), 1);
    const early = shapes[where].order.some(
      (rule) => rule.step === step && rest.includes(rule.after) && !begun.includes(rule.after),
    );
    if (!early) extend(where, [...begun, step], rest, circumstances, found);
  }
}

/** Which of FIG. 3's orders a plan for a balance request is. */
export function orderOf(plan: Plan): 'map only' | '310 first' | '310 between' | '325 after' {
  const load = plan.indexOf('load');
  if (load < 0) return 'map only';
  if (load < plan.indexOf('unmap')) return '310 first';
  const mapped = plan.indexOf('remap');
  return mapped < 0 || load < mapped ? '310 between' : '325 after';
}

/** What is wrong with the host's own plans of a protocol, or null. */
export function validateHostPlans(protocol: Protocol): { where: keyof HostPlans; reason: string } | null {
  const listed = isListed(protocol);
  for (const where of hostPlans) {
    const reason = validatePlan(where, protocol[where], { listed });
    if (reason !== null) return { where, reason };
  }
  return null;
}

/** Whether a protocol's guests need the list, or the host keeps it all the same. */
export function isListed(protocol: Protocol): boolean {
  return protocol.guestAsks !== 'nothing' || protocol.swapOut.includes('export');
}
