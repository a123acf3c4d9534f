// What a memory node and a store have in common: a stock of locations that are reserved, filled and released. The stock
// is a stack of free locations, so that a location just released is the next one reserved: reuse at its most dangerous.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { POISON } from '../model/content.ts';
import { NOWHERE } from '../model/geometry.ts';
import { message } from '../model/messages.ts';
import { cause, operationKind, result } from '../model/words.ts';
import { isResident } from './alias.ts';

/** From so many locations on, a stack is laid out as it is used: memory that nobody touches costs nothing. */
const LAZY_FROM = 4096;

export class Pool {
  private readonly world: World;
  private readonly home: number;
  readonly first: number;
  readonly stack: Int32Array;
  readonly depth: Int32Array;
  /** Bits flipped so far, in the only element. */
  private readonly flipped: Int32Array;

  constructor(arena: Arena, world: World, home: number) {
    const { homeFirst } = world.geometry;
    this.world = world;
    this.home = home;
    this.first = homeFirst[home]!;
    this.stack = arena.int32(homeFirst[home + 1]! - this.first);
    this.depth = arena.int32(1);
    this.flipped = arena.int32(1);
  }
  /** What a place of the stack holds at first: the lowest location is the first to go. */
  private atFirst(place: number): number {
    return this.first + this.stack.length - 1 - place;
  }
  reset(): void {
    const { stack } = this;
    for (let i = 0; i < stack.length && stack.length < LAZY_FROM; i++) stack[i] = this.atFirst(i);
    this.depth[0] = stack.length;
  }

  /** A free location's header says nothing; nor does what is above the stack's top. */
  settle(): void {
    const { locations } = this.world;
    for (let location = this.first; location < this.first + this.stack.length; location++) {
      if (locations.states[location] !== locations.table.initial) continue;
      locations.gfn[location] = -1;
      locations.generation[location] = locations.checksum[location] = 0;
      locations.words.fill(
        POISON,
        (location + 1) * locations.pageWords,
        (location + 2) * locations.pageWords,
      );
    }
    this.stack.fill(0, this.depth[0]);
  }

  reserve(operation: number, context: Context): number {
    const { operations, locations } = this.world;
    const because = operations.cause[operation]!;
    if (this.depth[0] === 0 || context.strikes('no frame', operation)) {
      context.trace.noRoom(operation, this.home, because);
      return result.NOMEM;
    }
    const place = --this.depth[0]!;
    // 0 is no location: nothing was put there yet.
    const location = this.stack[place]! || this.atFirst(place);
    context.trace.reserved(operation, location, this.home, because, operations.node[operation]!);
    locations.step(location, locations.table.event.reserve, context.trace);
    operations.to[operation] = location;
    return result.OK;
  }

  /** Free again, and poisoned: whoever still reads it will be seen. */
  release(operation: number, location: number, context: Context): void {
    const { locations, transfer } = this.world;
    if (
      location < this.first ||
      location >= this.first + this.stack.length ||
      this.depth[0] === this.stack.length
    ) {
      context.trace.stray(operation, location);
      return;
    }
    context.trace.released(operation, location, this.home);
    locations.step(location, locations.table.event.release, context.trace);
    locations.gfn[location] = -1;
    transfer.poison(location);
    this.stack[this.depth[0]!] = location;
    this.depth[0]!++;
  }

  /**
   * Moves the operation's page from where it is to what was reserved; announced before it is made. A read that failed can
   * be made again; after a write that failed the page is still where it was.
   */
  fill(kind: number, operation: number, context: Context): number {
    const { operations, locations, transfer } = this.world;
    const from = operations.from[operation]!;
    const to = operations.to[operation]!;
    if (to === NOWHERE || from === NOWHERE) {
      context.trace.stray(operation, to);
      return result.OK;
    }
    const gfn = operations.headerGfn[operation]!;
    const generation = operations.headerGeneration[operation]!;
    const isRead = kind === message.load;
    const doing = operations.kind[operation]! - 1;
    const copies = doing === operationKind['host-migrate'] || isResident(this.world, operation);
    if (isRead && !copies && context.strikes('read error', operation, from)) return result.EIO;
    const moves = isRead || doing === operationKind.relocate ? operations.cause[operation]! : cause.none;
    context.trace.dataIn(operation, gfn, generation, from, to, moves, operations.node[operation]!);
    locations.step(to, locations.table.event.fill, context.trace);
    // Memory to memory, and no device in between.
    if (copies) return transfer.copyPage(from, to) ? result.OK : result.EIO;
    const moved = isRead
      ? this.readIn(operation, from, to, context)
      : this.writeOut(operation, from, to, doing === operationKind.relocate, context);
    const outcome = moved ? result.OK : result.EIO;
    if (transfer.isSealed(from)) context.trace.opened(operation, from, gfn, generation, outcome);
    if (transfer.isSealed(to) && moved) {
      const plain = transfer.isPlain(from, to) ? 1 : 0;
      context.trace.sealed(operation, to, gfn, generation, plain);
    }
    return outcome;
  }

  private readIn(operation: number, from: number, to: number, context: Context): boolean {
    const { operations, transfer } = this.world;
    if (context.strikes('bit flip at rest', operation, from)) transfer.flip(from, this.anotherBit());
    const flips = context.strikes('bit flip in flight', operation, to) ? this.anotherBit() : -1;
    return transfer.moveIn(
      from,
      to,
      operations.headerGfn[operation]!,
      operations.headerGeneration[operation]!,
      flips,
    );
  }
  private writeOut(operation: number, from: number, to: number, isOn: boolean, context: Context): boolean {
    const { operations, transfer } = this.world;
    const gfn = operations.headerGfn[operation]!;
    const generation = operations.headerGeneration[operation]!;
    if (context.strikes('write error', operation, to)) return false;
    const isShort = context.strikes('short write', operation, to);
    const at = this.isMisdirected(operation, to, context) ? this.beside(to) : to;
    const stored = isOn
      ? transfer.moveOn(from, to, gfn, generation, { at, isShort })
      : transfer.moveOut(from, to, gfn, generation, { at, isShort });
    // What is written wrong is no more to be seen than what is written right.
    if (!stored && transfer.isSealed(at) && transfer.isPlain(from, at))
      context.trace.sealed(operation, at, gfn, generation, 1);
    return stored;
  }

  /** Seals what is in a slot under the page's name of now. */
  rekey(operation: number, slot: number, context: Context): number {
    const { operations, transfer } = this.world;
    if (!transfer.isSealed(slot)) return result.OK;
    const gfn = operations.headerGfn[operation]!;
    const generation = operations.headerGeneration[operation]!;
    if (!transfer.rekey(slot, gfn, generation)) return result.EIO;
    context.trace.sealed(operation, slot, gfn, generation, 0);
    return result.OK;
  }

  /** Not the same one twice, which would undo it. */
  private anotherBit(): number {
    return this.flipped[0]!++;
  }
  private beside(location: number): number {
    return this.first + ((location - this.first + 1) % this.stack.length);
  }
  /** Devices have been seen to write to another address than they were told; frames of memory nodes are mapped, not named. */
  private isMisdirected(operation: number, to: number, context: Context): boolean {
    const isStore = this.home >= this.world.geometry.nodes && this.stack.length > 1;
    return isStore && context.strikes('misdirected write', operation, to, this.beside(to));
  }
}
