// Asynchronous page faults (kvm_async_pf), the guest's side: a fault that needs I/O is answered with "not present", and the
// vCPU goes on with what its script does to other pages; "ready" completes the token, and the access is made again. A vCPU
// has one token at most. Whatever cannot be done beside it waits: another fault, the same page, a handover, a command. The
// guest kernel's own copies take no token: they run with interrupts off.
import type { Arena } from '../memory/arena.ts';
import { operation, operationOf } from '../model/script.ts';

/** An access, as a vCPU has it under way. */
export interface Access {
  gvpn: number;
  word: number;
  write: number;
}

const field = { state: 0, gvpn: 1, word: 2, write: 3, blocked: 4, token: 5, count: 6 } as const;
const state = { none: 0, outstanding: 1, ready: 2 } as const;

export class AsyncFaults {
  private readonly own: Int32Array;
  private readonly began: Float64Array;

  constructor(arena: Arena) {
    this.own = arena.int32(field.count);
    this.began = arena.float64(1);
  }

  /** A token is outstanding, or its access has not been made again yet: no other fault may be taken. */
  get isOpen(): boolean {
    return this.own[field.state] !== state.none;
  }
  get isOutstanding(): boolean {
    return this.own[field.state] === state.outstanding;
  }
  get isReady(): boolean {
    return this.own[field.state] === state.ready;
  }

  /** A fault is about to be sent. @returns its token: what comes too late names another */
  next(): number {
    return ++this.own[field.token]!;
  }
  /** Where nothing is asynchronous nothing asks for a token's number. */
  forget(): void {
    this.own[field.token] = 0;
  }
  isCurrent(token: number): boolean {
    return this.own[field.token] === token;
  }

  /** Not present: the access is put aside. `began`: when it was first tried. */
  defer(access: Access, began: number): void {
    this.own[field.state] = state.outstanding;
    this.own[field.gvpn] = access.gvpn;
    this.own[field.word] = access.word;
    this.own[field.write] = access.write;
    this.began[0] = began;
  }
  /** Whether an operation of the script can be done beside the token. */
  mayGoOn(word: number, gvpn: number): boolean {
    const code = operationOf(word);
    return (code === operation.read || code === operation.write) && gvpn !== this.own[field.gvpn];
  }
  /** The vCPU can do nothing beside the token: it waits for it. */
  block(): void {
    this.own[field.blocked] = 1;
  }
  /** Ready. `lost`: the page's content is, and the access is not made. @returns whether the vCPU waited */
  complete(lost: boolean): boolean {
    const blocked = this.own[field.blocked] === 1;
    this.own[field.blocked] = 0;
    this.own[field.state] = lost ? state.none : state.ready;
    return blocked;
  }
  /** The access that was put aside is made now. @returns when it was first tried */
  takeUp(into: Access): number {
    this.own[field.state] = state.none;
    into.gvpn = this.own[field.gvpn]!;
    into.word = this.own[field.word]!;
    into.write = this.own[field.write]!;
    return this.began[0]!;
  }
  get gvpn(): number {
    return this.own[field.gvpn]!;
  }
}
