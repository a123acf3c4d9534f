// How threads wait for each other. Every actor has a bell on a cache line of its own: an eventcount. The owner stores 1,
// looks once more whether there is anything to do, and waits; whoever has published something for it stores 0 and wakes
// it. A sender that finds 0 does not call the kernel at all.
//
// The race: the owner looks, finds nothing, and the message comes before it waits. The sender's publication precedes its
// look at the bell, the owner's store of 1 precedes its second look at the rings: one of the two sees the other.

const LINE = 16;
const BELL = 0;
const CONTROL = 1;
const WAKES = 2;

export class Bells {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(actors: number, buffer = new SharedArrayBuffer(actors * LINE * 4)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
  }
  /** Wakes the actor if it waits. Pairs with `prepare`. */
  ring(actor: number): void {
    const bell = actor * LINE + BELL;
    if (Atomics.load(this.words, bell) === 1 && Atomics.exchange(this.words, bell, 0) === 1) {
      Atomics.notify(this.words, bell);
    }
  }
  /** The owner announces that it is about to wait, and must look once more. Pairs with `ring`. */
  prepare(actor: number): void {
    Atomics.store(this.words, actor * LINE + BELL, 1);
  }
  /** It found something after all. */
  cancel(actor: number): void {
    Atomics.store(this.words, actor * LINE + BELL, 0);
  }
  /** Waits until rung; at once if that has happened since `prepare`. Never on the main thread. */
  wait(actor: number): void {
    Atomics.wait(this.words, actor * LINE + BELL, 1);
    Atomics.add(this.words, actor * LINE + WAKES, 1);
  }
  /** As `wait`, without blocking the thread. */
  async waitAsync(actor: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.words, actor * LINE + BELL, 1);
    if (waiting.async) await waiting.value;
  }
  isWaiting(actor: number): boolean {
    return Atomics.load(this.words, actor * LINE + BELL) === 1;
  }
  /** How often the actor was woken: two equal readings around a look at everything mean that it slept all the while. */
  wakes(actor: number): number {
    return Atomics.load(this.words, actor * LINE + WAKES);
  }

  /** A control message is on its way to the actor's thread: it must go back to its event loop for it. */
  control(actor: number): void {
    Atomics.add(this.words, actor * LINE + CONTROL, 1);
    this.ring(actor);
  }
  controlMessages(actor: number): number {
    return Atomics.load(this.words, actor * LINE + CONTROL);
  }
}
