// Huge pages (race 13): no partial lies. A huge page goes from one aligned block of Gfns to another; what the guest says of
// how many of its base pages arrived is how many did, each at its own place in the block; and those that did not are where
// they were.
import type { TraceEvent } from '../model/events.ts';
import { result } from '../model/words.ts';
import { type Observers, Property, type Setting } from './property.ts';

interface Move {
  gvpn: number;
  source: number;
  destination: number;
  arrived: number;
}

export class HugePages extends Property {
  readonly name = 'huge-pages';
  override readonly ofOption = true;
  private readonly setting: Setting;
  private readonly pages: number;
  /** By vCPU: the huge page it is moving. */
  private readonly moves = new Map<number, Move>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
    this.pages = setting.geometry.spec.policy.guest?.hugePages ?? 0;
  }
  readonly on: Observers = {
    hugeMapped: (e) => {
      this.examined++;
      this.isBlock(e, e.destination);
    },
    hugeBegun: (e) => {
      this.examined++;
      for (const gfn of [e.from, e.to]) this.isBlock(e, gfn);
      this.moves.set(e.id, { gvpn: e.gfn, source: e.from, destination: e.to, arrived: 0 });
    },
    balanced: (e) => this.balanced(e),
    hugeEnded: (e) => {
      const move = this.moves.get(e.id);
      this.moves.delete(e.id);
      if (!move)
        return this.fail(e.sequence, `vcpu${e.id} ended the move of a huge page that it had not begun`);
      if (e.result === move.arrived) return;
      this.fail(
        e.sequence,
        `${e.result} base pages of the huge page at Gvpn ${e.gfn} were said to have moved, and ${move.arrived} did`,
      );
    },
  };

  private isBlock(e: TraceEvent, gfn: number): void {
    const { geometry } = this.setting;
    const vnode = geometry.vnodeOf(gfn);
    const offset = gfn - geometry.vnodeGfn[vnode]!;
    if (offset % this.pages === 0 && gfn + this.pages <= geometry.vnodeGfn[vnode + 1]!) return;
    this.fail(
      e.sequence,
      `vcpu${e.id}: the Gfns from ${gfn} on are no block for a huge page of ${this.pages}`,
    );
  }
  private balanced(e: TraceEvent): void {
    const move = this.moves.get(e.id);
    if (!move) return;
    const page = e.gfn - move.gvpn;
    // A Gfn of the block whose page turned out to be lost is no destination any more.
    const isTo = e.to === move.destination + page || (e.to < 0 && e.result === result.EIO);
    if (page < 0 || page >= this.pages || e.from !== move.source + page || !isTo) {
      this.fail(
        e.sequence,
        `Gvpn ${e.gfn} was moved from Gfn ${e.from} to ${e.to}: not its place in the huge page`,
      );
    }
    if (e.result === result.OK) move.arrived++;
  }

  override atRest(): void {
    for (const [vcpu, { gvpn }] of this.moves)
      this.fail(-1, `vcpu${vcpu} never ended the move of the huge page at Gvpn ${gvpn}`);
  }
}
