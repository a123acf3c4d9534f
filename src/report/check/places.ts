// Where everything goes when two things that are alike trade places: actors and their rings, the parts of a state, and what a
// vCPU may be given to do. All else that an exchange changes stands inside of these (twins.ts).
import type { Built } from '../../actors/index.ts';
import type { Geometry } from '../../model/geometry.ts';
import { argumentOf, BULK_VNODES, encode, operation, operationOf } from '../../model/script.ts';
import { assert } from '../../stdx/assert.ts';
import type { Records } from '../../runtime/check/interner.ts';
import type { Environment, Item } from './environment.ts';
import type { Exchange } from './exchanges.ts';
import type { Judges } from './judges.ts';
import type { Leaves } from './leaves.ts';
import type { Steps } from './steps.ts';
import type { Vector } from './vector.ts';

/** What states are made of, and what makes them. */
export interface Makers {
  readonly built: Built;
  readonly leaves: Leaves;
  readonly vector: Vector;
  readonly records: Records;
  readonly environment: Environment;
  readonly steps: Steps;
  readonly judges: Judges;
}

/** By number of each: the one in whose place it goes, and which comes into its place, since the two trade. */
export class Places {
  readonly actor: readonly number[];
  readonly ring: Int32Array;
  readonly slot: Int32Array;
  readonly column: Int32Array;
  /** By vCPU and choice from its menu: the choice of the vCPU whose place it takes, or -1: that has none like it. */
  readonly choices: readonly (readonly number[])[];
  private readonly exchange: Exchange;

  constructor(exchange: Exchange, makers: Makers) {
    const { built, vector, environment } = makers;
    const { geometry, mailboxes } = built.system;
    const { vcpu, node } = exchange;
    this.exchange = exchange;
    this.actor = Array.from({ length: geometry.actors }, (_, actor) => {
      if (actor < geometry.vcpus) return vcpu[actor]!;
      const home = geometry.homeOfActor(actor);
      return home >= 0 && home < geometry.nodes ? geometry.actorOfHome(node[home]!) : actor;
    });
    this.ring = Int32Array.from(mailboxes.links, ({ sender, receiver }) =>
      mailboxes.links.findIndex(
        (link) => link.sender === this.actor[sender] && link.receiver === this.actor[receiver],
      ),
    );
    this.slot = this.slots(makers);
    this.column = Int32Array.from(
      vector.rows,
      (_, column) => vector.columnOf[this.slot[vector.firstOf[column]!]!]!,
    );
    this.choices = environment.menus.map((menu, v) =>
      menu.map((item) =>
        environment.menus[vcpu[v]!]!.findIndex((other) => this.isTwin(geometry, v, item, other)),
      ),
    );
  }

  private slots({ leaves, vector, built }: Makers): Int32Array {
    const { exchange, actor } = this;
    const slots = Int32Array.from(vector.leafOf, (_, slot) => slot);
    const trade = (leavesOf: readonly number[], becomes: (of: number) => number) =>
      leavesOf.forEach((leaf, of) => {
        slots[vector.slotOf[leaf]!] = vector.slotOf[leavesOf[becomes(of)]!]!;
      });
    trade(leaves.actor, (self) => actor[self]!);
    trade(leaves.records, (v) => exchange.vcpu[v]!);
    trade(leaves.parcels, (v) => exchange.vcpu[v]!);
    trade(leaves.locations, (at) => exchange.location[at + 1]! - 1);
    for (let self = 0; self < built.system.geometry.feeder; self++)
      slots[vector.queue[self]!] = vector.queue[actor[self]!]!;
    return slots;
  }
  private isTwin(geometry: Geometry, vcpu: number, { operations, isMove }: Item, other: Item): boolean {
    const { exchange } = this;
    const guest = geometry.vcpuGuest[vcpu]!;
    const its = geometry.vcpuGuest[exchange.vcpu[vcpu]!]!;
    return operations.every(({ word, gvpn }, i) => {
      let argument = argumentOf(word);
      if (isMove) {
        const vnode = geometry.guestVnode[guest]! + (argument % BULK_VNODES);
        argument += exchange.vnode[vnode]! - geometry.guestVnode[its]! - (argument % BULK_VNODES);
      }
      assert(isMove === (operationOf(word) === operation.bulkMove), 'a menu has accesses and moves');
      const theirs = other.operations[i];
      const page = exchange.gvpn[geometry.guestGvpn[guest]! + gvpn]! - geometry.guestGvpn[its]!;
      return theirs?.word === encode(operationOf(word), argument) && theirs.gvpn === page;
    });
  }
}
