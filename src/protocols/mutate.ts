// Every one-step deletion of a protocol. A plan is data, so each of its steps can be left out; when no property notices,
// the step does nothing or the properties are too weak. Works on a protocol of your own as on the shipped ones.
import { requestKinds } from '../model/words.ts';
import { hostPlans, vacating } from './host-plans.ts';
import type { HostView, PageView, Plan, Protocol, RequestView, Step } from './protocol.ts';
import { hostViews, keyedViews, pageViews } from './views.ts';

export interface Mutant {
  /** `copyless-migrate, swapOut without store (step 4)`; the mutated protocol goes by the same name. */
  name: string;
  /** Field of the protocol that holds the plan; for one that `plan()` returns, `plan` and when it does. */
  plan: string;
  /** The step left out, and its index in the plan. */
  step: Step;
  index: number;
  protocol: Protocol;
}

/**
 * @param protocol any protocol, complete
 * @returns the mutants of its host plans, then those of every different plan that `plan()` returns; a protocol whose
 *   guest asks for nothing has none of these
 */
export function mutants(protocol: Protocol): Mutant[] {
  const found: Mutant[] = [];
  const add = (plan: string, steps: Plan, changed: (shorter: Plan) => Partial<Protocol>) => {
    steps.forEach((step, index) => {
      const name = `${protocol.name}, ${plan} without ${step} (step ${index + 1})`;
      const shorter = steps.toSpliced(index, 1);
      found.push({ name, plan, step, index, protocol: { ...protocol, ...changed(shorter), name } });
    });
  };
  for (const plan of hostPlans) add(plan, protocol[plan], (shorter) => ({ [plan]: shorter }));
  for (const [key, { plan, steps }] of requestPlans(protocol)) {
    add(plan, steps, (shorter) => ({
      plan(request: RequestView, page: PageView, host: HostView) {
        const chosen = protocol.plan(request, page, host);
        return typeof chosen !== 'string' && chosen.join() === key ? shorter : chosen;
      },
    }));
  }
  return found;
}

/**
 * Every plan of a protocol: those of the host, and what `plan()` returns to what its guest asks.
 * @param keysNamePages whether it is asked under keys that name pages as well: one that knows nothing of them serves where
 *   there are none
 */
export function plansOf(protocol: Protocol, keysNamePages: boolean): Plan[] {
  const ofHost = Object.values(protocol).filter((value): value is Plan => Array.isArray(value));
  const asked = requestKinds.filter((kind) => kind === protocol.guestAsks);
  const views = keysNamePages ? [...hostViews, ...keyedViews] : hostViews;
  const onRequest = asked.flatMap((kind) =>
    pageViews.flatMap((page) => views.map((host) => protocol.plan({ kind }, page, host))),
  );
  return [
    ...ofHost,
    vacating(protocol.moveCached),
    ...onRequest.filter((plan): plan is Plan => typeof plan !== 'string'),
  ];
}

/** The different plans that `plan()` returns, under the first view that each was returned for. */
function requestPlans(protocol: Protocol): Map<string, { plan: string; steps: Plan }> {
  const plans = new Map<string, { plan: string; steps: Plan }>();
  for (const kind of requestKinds) {
    if (kind !== protocol.guestAsks) continue;
    for (const page of pageViews) {
      for (const host of hostViews) {
        const steps = protocol.plan({ kind }, page, host);
        if (typeof steps === 'string' || plans.has(steps.join())) continue;
        plans.set(steps.join(), { plan: planName(page, host), steps });
      }
    }
  }
  return plans;
}

/** `plan`, and what was not as usual when it was returned. */
function planName({ at }: PageView, { destinationBacked, destinationRoom }: HostView): string {
  const words = ['plan'];
  if (destinationBacked) words.push('destination backed');
  if (at !== pageViews[0]!.at) words.push(`from ${at}`);
  if (destinationRoom < hostViews[0]!.destinationRoom) words.push(`room ${destinationRoom}`);
  return words.join(', ');
}
