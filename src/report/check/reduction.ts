// Partial orders: steps that commute with whatever else can happen before them are taken alone, so that not every order of
// them is searched. Each kind has its reason; none holds of a step that another actor could make come out otherwise. That the
// verdicts are the same without them is a test (test/check/reduction.test.ts).
import type { Built } from '../../actors/index.ts';
import { message } from '../../model/messages.ts';
import type { Records } from '../../runtime/check/interner.ts';
import type { Leaves } from './leaves.ts';
import type { OwnAffairs } from './own-affairs.ts';

export class Reduction {
  private readonly built: Built;
  private readonly records: Records;
  private readonly affairs: OwnAffairs;
  /** Where in their own words vCPUs keep their states, and the hypervisor its outstanding acknowledgements. */
  private readonly stateOffsets: readonly number[];
  private readonly acksOffset: number;
  /** Messages come twice, or are said again. */
  private readonly repeats: boolean;
  /** By home: where in its own words it keeps the serials of the calls that it has heard. */
  private readonly serialOffsets: readonly number[];
  /** A vCPU tells the host of free Gfns, or that it has taken a list, whatever else it does. */
  private readonly reports: boolean;
  /** A vCPU goes on beside an open fault: whether that is over it sees by what it does in between. */
  private readonly defersFaults: boolean;
  /** A vCPU that waits may say again what it asked although there is something to do. */
  isHasty = false;

  constructor(built: Built, leaves: Leaves, records: Records, affairs: OwnAffairs) {
    const { geometry } = built.world;
    const leaf = (actor: number) => leaves.all[leaves.actor[actor]!]!;
    this.built = built;
    this.records = records;
    this.affairs = affairs;
    this.defersFaults = built.world.geometry.spec.policy.guest?.asyncFaults === true;
    this.repeats = geometry.spec.serials !== undefined;
    const { access, inspect } = built.world.listPolicy;
    this.reports =
      access === 'copy' || inspect === 'on notify' || built.vcpus.some(({ reporting }) => reporting.enabled);
    this.serialOffsets = [...built.memoryNodes, ...built.stores].map(({ served }, home) =>
      this.repeats ? leaf(geometry.actorOfHome(home)).offsetOf(served.serials) : 0,
    );
    this.stateOffsets = built.vcpus.map((vcpu, v) => leaf(v).offsetOf(vcpu.own));
    this.acksOffset = leaf(geometry.hypervisor).offsetOf(built.hypervisor.acks);
  }
  stateOf(vcpu: number, own: number): number {
    return this.records.data[own + this.stateOffsets[vcpu]!]!;
  }

  /** Whether it is enough to look at what follows when this message is taken next. */
  isAlone(actor: number, own: number, sent: number): boolean {
    const { geometry } = this.built.world;
    if (actor > geometry.host) return !this.isRepeat(actor, own, sent);
    const kind = this.records.data[sent + 1]!;
    if (actor < geometry.vcpus)
      return kind === message.flush
        ? this.isStopped(actor, own)
        : !this.defersFaults && this.waitsForNothing(actor, own) && this.affairs.isOne(actor, sent);
    // A shootdown that is called for again is told to those that are not heard from yet.
    if (this.repeats) return false;
    return actor === geometry.hypervisor && kind === message.flushed && !this.isLast(own, sent);
  }
  // Memory nodes and stores have one sender, the host, and answer to nobody else. Their step is taken as if it were a part
  // of the host's that asked for it: it commutes with everything but an access to the very bytes that it moves, and who
  // makes that access had no other shared access to make between the two. That is so of what the host has asked for and
  // waits for. If it is asked again, by a message that was late, the host may have gone on: that nothing is done then is what is
  // to be found out.
  private isRepeat(actor: number, own: number, sent: number): boolean {
    if (!this.repeats) return false;
    const { data } = this.records;
    const heard = own + this.serialOffsets[this.built.world.geometry.homeOfActor(actor)]!;
    return data[heard + data[sent + 2]!] === data[sent + 4];
  }

  /**
   * A vCPU that can only go on by a message from the hypervisor, behind this one in the same ring: it uses no translation
   * before it has dropped this one, and whatever else it may be told meanwhile commutes with that. What it says meanwhile
   * does not, nor what it tells of a free Gfn or of a list that has come: its acknowledgement goes into the same ring.
   */
  private isStopped(vcpu: number, own: number): boolean {
    if (this.reports) return false;
    const { state } = this.built.world.tables.vcpu;
    const now = this.stateOf(vcpu, own);
    return now === state.halted || (!this.isHasty && (now === state.faulted || now === state.asking));
  }
  /** Nothing of a vCPU's own can be said again before it has taken what it told itself. */
  private waitsForNothing(vcpu: number, own: number): boolean {
    return !this.isHasty || this.stateOf(vcpu, own) === this.built.world.tables.vcpu.state.running;
  }
  /** An acknowledgement that others are still missing with is only counted; whichever is the last has the effect. */
  private isLast(own: number, sent: number): boolean {
    const { data } = this.records;
    return data[own + this.acksOffset + data[sent + 2]!]! <= 1;
  }
}
