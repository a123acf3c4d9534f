// One run of a small world, message by message at random; where a step is torn in two, others can be made to come between its
// accesses, as on threads: that is what no scheduler of whole steps can do.
import { create, measure, type Parts } from '../../src/actors/index.ts';
import type { System } from '../../src/actor/system.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { message, type Message } from '../../src/model/messages.ts';
import type { ScriptSource, Workload } from '../../src/model/script.ts';
import { monitors, type Violation } from '../../src/properties/index.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { Prng } from '../../src/stdx/prng.ts';
import { pageTable } from '../../machines/index.ts';
import { tornClaim } from './torn-claim.ts';

/** Steps of others that come between. */
const BETWEEN = 6;
const STEPS_MAX = 200_000;

export interface InterleavedRun {
  steps: number;
  /** Steps that came between the two accesses of another. */
  between: number;
  violations: Violation[];
  atRest: boolean;
}

export function interleaved(
  parts: Parts,
  workload: Workload,
  seed: number,
  inBetween: boolean,
): InterleavedRun {
  const properties = monitors({ geometry: new Geometry(parts.spec), page: pageTable, totalOrder: true });
  let between = () => {};
  const torn: Parts = {
    ...parts,
    alter: (built) => tornClaim(built, { between: () => between(), counted: false }),
  };
  const system = create(new ArrayBuffer(measure(torn)), torn, new Trace(properties));
  const deliveries = new Deliveries(system, workload.open(seed, 0), seed);
  if (inBetween) between = () => deliveries.others();
  system.mailboxes.publish(() => {});
  const broken = () => properties.some(({ violation }) => violation !== null);
  while (deliveries.steps < STEPS_MAX && !broken() && deliveries.one(-1)) continue;
  return {
    steps: deliveries.steps,
    between: deliveries.between,
    violations: properties.flatMap(({ violation }) => (violation === null ? [] : [violation])),
    atRest: system.mailboxes.links.every((_, ring) => system.mailboxes.isEmpty(ring)),
  };
}

class Deliveries {
  private readonly system: System;
  private readonly source: ScriptSource;
  private readonly random: Prng;
  private receiver = -1;
  private nested = false;
  steps = 0;
  between = 0;

  constructor(system: System, source: ScriptSource, seed: number) {
    this.system = system;
    this.source = source;
    this.random = new Prng().seed(seed, 7);
  }
  /** Delivers any message that is not for `except`. @returns false when there is none */
  one(except: number): boolean {
    const { mailboxes, actors, contexts, geometry } = this.system;
    const ready = mailboxes.links.flatMap(({ receiver }, ring) =>
      receiver === except || mailboxes.isEmpty(ring) ? [] : [ring],
    );
    if (ready.length === 0) return false;
    const ring = ready[this.random.below(ready.length)]!;
    const incoming: Message = { kind: 0, sender: 0, id: 0, argument: 0, serial: 0, time: 0 };
    mailboxes.receive(ring, incoming);
    const { receiver } = mailboxes.links[ring]!;
    const outer = this.receiver;
    this.receiver = receiver;
    this.steps++;
    contexts[receiver]!.advance(incoming.time);
    if (receiver === geometry.feeder) this.feed(incoming.id);
    else actors[receiver]!.receive(incoming, contexts[receiver]!);
    mailboxes.publish(() => {});
    this.receiver = outer;
    return true;
  }
  private feed(vcpu: number): void {
    const { scripts, contexts, geometry } = this.system;
    scripts.length[vcpu] = this.source.read(vcpu, scripts.words[vcpu]!) as number;
    contexts[geometry.feeder]!.send(vcpu, message.fed, vcpu);
  }
  /** Some steps of everybody but the actor whose step is under way. */
  others(): void {
    if (this.nested) return;
    this.nested = true;
    for (let step = 0; step < BETWEEN && this.one(this.receiver); step++) this.between++;
    this.nested = false;
  }
}
