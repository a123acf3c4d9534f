// The vocabulary of the trace: a method an event, which says what is put into which field.
import { event, type Sink } from './events.ts';

export class Recorder {
  private readonly sink: Sink;
  private readonly actor: number;
  private readonly clock: Float64Array;

  /** @param clock virtual time of the actor, in its only element */
  constructor(sink: Sink, actor: number, clock: Float64Array) {
    this.sink = sink;
    this.actor = actor;
    this.clock = clock;
  }
  private emit(
    kind: number,
    id: number,
    gfn: number,
    destination: number,
    generation: number,
    from: number,
    to: number,
    cause: number,
    result: number,
  ): void {
    this.sink.put(
      this.actor,
      this.clock[0]!,
      kind,
      id,
      gfn,
      destination,
      generation,
      from,
      to,
      cause,
      result,
    );
  }
  /** See `Sink.takePlace`: between reading a shared word and changing it. */
  takePlace(): void {
    this.sink.takePlace(this.actor);
  }
  /** The host began an operation of `kind` on a Gfn. */
  began(operation: number, kind: number, gfn: number, destination: number, cause: number): void {
    this.emit(event.began, operation, gfn, destination, 0, kind, 0, cause, 0);
  }
  /** ... and ended it. `location`: where the Gfn it ends on has its content now. */
  ended(operation: number, kind: number, gfn: number, location: number, cause: number, result: number): void {
    this.emit(event.ended, operation, gfn, 0, 0, kind, location, cause, result);
  }
  /** The page of a Gfn went from state to state on a machine event. */
  page(gfn: number, generation: number, from: number, to: number, on: number): void {
    this.emit(event.page, 0, gfn, 0, generation, from, to, on, 0);
  }
  /** A transition was due that the machine does not have. `machine`: 0 page, 1 frame, 2 request. */
  illegal(machine: number, subject: number, state: number, on: number): void {
    this.emit(event.illegal, machine, subject, 0, 0, state, 0, on, 0);
  }
  /** A Gfn without content got a page (zero-filled). */
  born(gfn: number, location: number): void {
    this.emit(event.born, 0, gfn, 0, 0, 0, location, 0, 0);
  }
  /** A Gfn's page is gone and its content with it. */
  died(gfn: number, location: number): void {
    this.emit(event.died, 0, gfn, 0, 0, location, 0, 0, 0);
  }
  /** The host's entry of a Gfn names a location now (a frame, a slot, a far frame). */
  entered(operation: number, gfn: number, location: number, generation: number): void {
    this.emit(event.entered, operation, gfn, 0, generation, 0, location, 0, 0);
  }
  /** The host's entry of a Gfn is empty now: the page is on its way to another Gfn. */
  left(operation: number, gfn: number, location: number): void {
    this.emit(event.left, operation, gfn, 0, 0, location, 0, 0, 0);
  }
  /** `node`: where the CPU sits that asks for it. */
  reserved(operation: number, location: number, home: number, cause: number, node: number): void {
    this.emit(event.reserved, operation, 0, home, 0, 0, location, cause, node);
  }
  released(operation: number, location: number, home: number): void {
    this.emit(event.released, operation, 0, home, 0, location, 0, 0, 0);
  }
  /** A whole page is about to be present at `to`: announced before the copy. `node`: where the copying CPU sits. */
  dataIn(
    operation: number,
    gfn: number,
    generation: number,
    from: number,
    to: number,
    cause: number,
    node: number,
  ): void {
    this.emit(event.dataIn, operation, gfn, node, generation, from, to, cause, 0);
  }
  /** A frame was cleared; `operation` -1: by the guest. */
  zeroed(operation: number, gfn: number, location: number): void {
    this.emit(event.zeroed, operation, gfn, 0, 0, 0, location, 0, 0);
  }
  /** Somebody was told to use a location that is not there, or not reserved. */
  stray(operation: number, location: number): void {
    this.emit(event.stray, operation, 0, 0, 0, 0, location, 0, 0);
  }
  /** A frame was taken on another node than the pinned one. */
  spilled(operation: number, gfn: number, wanted: number, got: number): void {
    this.emit(event.spilled, operation, gfn, 0, 0, wanted, got, 0, 0);
  }
  /** A home had nothing to reserve. */
  noRoom(operation: number, home: number, cause: number): void {
    this.emit(event.noRoom, operation, 0, home, 0, 0, 0, cause, 0);
  }
  eptSet(gfn: number, location: number): void {
    this.emit(event.eptSet, 0, gfn, 0, 0, 0, location, 0, 0);
  }
  eptCleared(gfn: number): void {
    this.emit(event.eptCleared, 0, gfn, 0, 0, 0, 0, 0, 0);
  }
  eptProtected(gfn: number): void {
    this.emit(event.eptProtected, 0, gfn, 0, 0, 0, 0, 0, 0);
  }
  tlbFill(vcpu: number, gfn: number, location: number, writable: number): void {
    this.emit(event.tlbFill, vcpu, gfn, 0, 0, 0, location, 0, writable);
  }
  /** The vCPU holds no translation of the Gfn any more and says so. */
  tlbFlush(vcpu: number, gfn: number): void {
    this.emit(event.tlbFlush, vcpu, gfn, 0, 0, 0, 0, 0, 0);
  }
  listed(gfn: number, generation: number): void {
    this.emit(event.listed, 0, gfn, 0, generation, 0, 0, 0, 0);
  }
  overflowed(gfn: number, generation: number): void {
    this.emit(event.overflowed, 0, gfn, 0, generation, 0, 0, 0, 0);
  }
  delisted(gfn: number, generation: number): void {
    this.emit(event.delisted, 0, gfn, 0, generation, 0, 0, 0, 0);
  }
  /** `loads`, `lines`: what the look took, of words and of cache lines; 0: one of each. */
  inspected(vcpu: number, gfn: number, finding: number, generation: number, loads = 0, lines = 0): void {
    this.emit(event.inspected, vcpu, gfn, 0, generation, loads, lines, 0, finding);
  }
  requested(request: number, source: number, destination: number, generation: number, kind: number): void {
    this.emit(event.requested, request, source, destination, generation, kind, 0, 0, 0);
  }
  forwarded(request: number): void {
    this.emit(event.forwarded, request, 0, 0, 0, 0, 0, 0, 0);
  }
  /** The host took the request on; `location`: where the content is at that moment. */
  accepted(
    request: number,
    source: number,
    destination: number,
    generation: number,
    kind: number,
    location: number,
  ): void {
    this.emit(event.accepted, request, source, destination, generation, kind, location, 0, 0);
  }
  /** The host's word on a request; the transaction ends. */
  answered(
    request: number,
    source: number,
    destination: number,
    generation: number,
    kind: number,
    result: number,
  ): void {
    this.emit(event.answered, request, source, destination, generation, kind, 0, 0, result);
  }
  faulted(vcpu: number, gfn: number, write: number, purpose: number): void {
    this.emit(event.faulted, vcpu, gfn, 0, 0, 0, 0, purpose, write);
  }
  resumed(vcpu: number, gfn: number, result: number): void {
    this.emit(event.resumed, vcpu, gfn, 0, 0, 0, 0, 0, result);
  }
  /** A vCPU found a migration entry and waits for its owner. */
  waited(vcpu: number, gvpn: number, owner: number): void {
    this.emit(event.waited, vcpu, gvpn, owner, 0, 0, 0, 0, 0);
  }
  /** An access had to wait `ns` of virtual time beyond the access itself. */
  stalled(vcpu: number, gvpn: number, ns: number): void {
    this.emit(event.stalled, vcpu, gvpn, 0, 0, 0, 0, 0, ns);
  }
  /** The page's content is lost and the guest was told so. */
  machineCheck(vcpu: number, gfn: number): void {
    this.emit(event.machineCheck, vcpu, gfn, 0, 0, 0, 0, 0, 0);
  }
  hintsSet(vcpu: number, pages: number): void {
    this.emit(event.hintsSet, vcpu, 0, 0, 0, 0, 0, 0, pages);
  }
  hinted(vcpu: number, gvpn: number, gfn: number, local: number): void {
    this.emit(event.hinted, vcpu, gvpn, gfn, 0, 0, 0, 0, local);
  }
  /** The guest took a page out of its page table in order to move it. */
  seized(vcpu: number, gvpn: number, source: number, destination: number): void {
    this.emit(event.seized, vcpu, gvpn, 0, 0, source, destination, 0, 0);
  }
  /** The attempt ended. `how`: cause.copy or cause.request; result OK or why not. */
  balanced(
    vcpu: number,
    gvpn: number,
    source: number,
    destination: number,
    how: number,
    result: number,
  ): void {
    this.emit(event.balanced, vcpu, gvpn, 0, 0, source, destination, how, result);
  }
  /** `count`: value seen; `tag`: the page tag found beside it. */
  read(vcpu: number, gvpn: number, word: number, count: number, tag: number): void {
    this.emit(event.read, vcpu, gvpn, word, 0, tag, 0, 0, count);
  }
  /** `count`: value after the write; `tag`: the page tag found before it. */
  wrote(vcpu: number, gvpn: number, word: number, count: number, tag: number): void {
    this.emit(event.wrote, vcpu, gvpn, word, 0, tag, 0, 0, count);
  }
  handedOver(vcpu: number, to: number): void {
    this.emit(event.handedOver, vcpu, 0, to, 0, 0, 0, 0, 0);
  }
  tookOver(vcpu: number): void {
    this.emit(event.tookOver, vcpu, 0, 0, 0, 0, 0, 0, 0);
  }
  halted(vcpu: number): void {
    this.emit(event.halted, vcpu, 0, 0, 0, 0, 0, 0, 0);
  }
  /** A location keeps a clean copy of a Gfn's content beside the one that its entry names. */
  duplicate(operation: number, gfn: number, location: number): void {
    this.emit(event.duplicate, operation, gfn, 0, 0, 0, location, 0, 0);
  }
  /** References that others than the page itself have to a location. `intact`: what is there is what was put there. */
  shared(location: number, references: number, intact: number): void {
    this.emit(event.shared, 0, 0, 0, references, 0, location, 0, intact);
  }
  /** A device may reach a frame through the Gfn (`on` 1), or no longer. */
  pinned(gfn: number, location: number, on: number): void {
    this.emit(event.pinned, 0, gfn, 0, 0, 0, location, 0, on);
  }
  /** The host puts a page on another node than the pinned one, on purpose: `operation` reserves its frame next. */
  placed(operation: number, gfn: number, wanted: number, node: number): void {
    this.emit(event.placed, operation, gfn, 0, 0, wanted, node, 0, 0);
  }
  /** The guest held the page for too long: the host has ended the hold. */
  holdExpired(gfn: number, generation: number): void {
    this.emit(event.holdExpired, 0, gfn, 0, generation, 0, 0, 0, 0);
  }
  /** A store is turned off. `phase`: one of `swapoffPhase`; `gfn`: the page that it waits for, or -1. */
  swapoff(home: number, gfn: number, phase: number, result: number): void {
    this.emit(event.swapoff, home, gfn, 0, 0, phase, 0, 0, result);
  }
  /** What a slot holds was encrypted under a page's name. `plain`: 1 if what is stored is the page as it was. */
  sealed(operation: number, location: number, gfn: number, generation: number, plain: number): void {
    this.emit(event.sealed, operation, gfn, 0, generation, 0, location, 0, plain);
  }
  /** A slot was read under a page's name: OK, or EIO where it was sealed under another. */
  opened(operation: number, location: number, gfn: number, generation: number, result: number): void {
    this.emit(event.opened, operation, gfn, 0, generation, location, 0, 0, result);
  }
  /** A command of a vCPU's script has ended. */
  commanded(vcpu: number, kind: number, gfn: number, result: number): void {
    this.emit(event.commanded, vcpu, gfn, 0, 0, kind, 0, 0, result);
  }
  /** A fault of the plan strikes. `id`: operation, request or vCPU concerned; `location`: the place that was to be read or
   * written; `instead`: the place that was written. */
  fault(fault: number, id: number, location = 0, instead = 0): void {
    this.emit(event.fault, id, 0, 0, 0, instead, location, 0, fault);
  }
  /** The hypervisor has forgotten what the lists name: they say *unknown* for every Gfn. */
  forgot(): void {
    this.emit(event.forgot, 0, 0, 0, 0, 0, 0, 0, 0);
  }
  /** ... and has them complete again. */
  recalled(): void {
    this.emit(event.recalled, 0, 0, 0, 0, 0, 0, 0, 0);
  }
  /** The guest unmapped a page and freed its Gfn: the next access to it finds a fresh page. */
  freed(vcpu: number, gvpn: number, gfn: number): void {
    this.emit(event.freed, vcpu, gvpn, gfn, 0, 0, 0, 0, 0);
  }
  /** The host holds nothing of a Gfn any more because the guest gave it back. `how`: a value of `givenBack`. */
  givenBack(gfn: number, how: number): void {
    this.emit(event.givenBack, 0, gfn, 0, 0, 0, 0, how, 0);
  }
  /** A Gfn that was given back is the guest's to use again. */
  takenBack(gfn: number): void {
    this.emit(event.takenBack, 0, gfn, 0, 0, 0, 0, 0, 0);
  }
  /** The guest filled a Gfn that it frees with poison. */
  wiped(vcpu: number, gfn: number, location: number): void {
    this.emit(event.wiped, vcpu, gfn, 0, 0, 0, location, 0, 0);
  }
  /** The guest looked for its poison in a Gfn it allocated. `intact`: 1 when it was there. */
  poisonChecked(vcpu: number, gfn: number, location: number, intact: number): void {
    this.emit(event.poisonChecked, vcpu, gfn, 0, 0, 0, location, 0, intact);
  }
  /** A vNode (global number) is pinned to a node from now on. */
  repinned(vnode: number, node: number): void {
    this.emit(event.repinned, vnode, 0, 0, 0, 0, node, 0, 0);
  }
  /** A hostile guest does something that no guest kernel does. */
  forged(vcpu: number, gvpn: number, gfn: number, forgery: number): void {
    this.emit(event.forged, vcpu, gvpn, gfn, 0, 0, 0, 0, forgery);
  }
  /** A hypercall named a request record that is not the caller's: nothing was done. */
  rejected(request: number, vcpu: number): void {
    this.emit(event.rejected, request, 0, 0, 0, vcpu, 0, 0, 0);
  }
  /** The host found a page word that no guest may have written, and put back what it knows to be so. */
  tampered(gfn: number, generation: number, state: number): void {
    this.emit(event.tampered, 0, gfn, 0, generation, 0, state, 0, 0);
  }
  /** The guest was told that a page is not present: its access is put aside, the vCPU goes on. */
  deferred(vcpu: number, gvpn: number, gfn: number): void {
    this.emit(event.deferred, vcpu, gvpn, gfn, 0, 0, 0, 0, 0);
  }
  /** ... that it is ready now. */
  readied(vcpu: number, gvpn: number, gfn: number): void {
    this.emit(event.readied, vcpu, gvpn, gfn, 0, 0, 0, 0, 0);
  }
  /** ... and the access is made again. */
  retried(vcpu: number, gvpn: number): void {
    this.emit(event.retried, vcpu, gvpn, 0, 0, 0, 0, 0, 0);
  }
  /** First touch of a range: so many of its base pages were mapped to the block of Gfns that begins at `gfn`. */
  hugeMapped(vcpu: number, gvpn: number, gfn: number, pages: number): void {
    this.emit(event.hugeMapped, vcpu, gvpn, gfn, 0, 0, 0, 0, pages);
  }
  /** The guest begins to move a huge page from one block of Gfns to another. */
  hugeBegun(vcpu: number, gvpn: number, source: number, destination: number): void {
    this.emit(event.hugeBegun, vcpu, gvpn, 0, 0, source, destination, 0, 0);
  }
  /** ... and so many of its base pages were moved: all, or it is split, or none. */
  hugeEnded(vcpu: number, gvpn: number, moved: number): void {
    this.emit(event.hugeEnded, vcpu, gvpn, 0, 0, 0, 0, 0, moved);
  }
  /** The host was asked to move out a whole block of Gfns, and began with so many of its pages. */
  hugeOut(gfn: number, pages: number): void {
    this.emit(event.hugeOut, 0, gfn, 0, 0, 0, 0, 0, pages);
  }
  /** A host begins to move the guest to another. */
  migrating(migration: number, from: number, to: number): void {
    this.emit(event.migrating, migration, 0, 0, 0, from, to, 0, 0);
  }
  /** A round of it begins: `pages` to describe. `last`: the guest is stopped. */
  round(migration: number, number: number, pages: number, last: number): void {
    this.emit(event.round, migration, 0, 0, number, 0, 0, last, pages);
  }
  /** The source told the destination of a Gfn (or of `-1`: a vCPU, or the end). `kind`: of packet. */
  described(serial: number, gfn: number, to: number, version: number, location: number, kind: number): void {
    this.emit(event.described, serial, gfn, to, version, location, kind, 0, 0);
  }
  /** The destination took a packet in: its entry for the Gfn names `location` now. */
  adopted(
    serial: number,
    gfn: number,
    migration: number,
    version: number,
    location: number,
    kind: number,
  ): void {
    this.emit(event.adopted, serial, gfn, migration, version, location, kind, 0, 0);
  }
  /** A host tried to become the guest's owner, `epoch` being the last it knew of. */
  claimed(host: number, epoch: number, result: number): void {
    this.emit(event.claimed, host, 0, 0, epoch, 0, 0, 0, result);
  }
  /** The source knows how its migration ended: OK, or not OK and the guest goes on where it was. */
  migrated(migration: number, from: number, to: number, result: number): void {
    this.emit(event.migrated, migration, 0, 0, 0, from, to, 0, result);
  }
  guestStarted(host: number, epoch: number): void {
    this.emit(event.guestStarted, host, 0, 0, epoch, 0, 0, 0, 0);
  }
  guestStopped(host: number, epoch: number): void {
    this.emit(event.guestStopped, host, 0, 0, epoch, 0, 0, 0, 0);
  }
  /** A packet of `bytes` was put on a link. `again`: not for the first time. */
  transmitted(serial: number, from: number, to: number, kind: number, bytes: number, again: number): void {
    this.emit(event.transmitted, serial, 0, 0, again, from, to, kind, bytes);
  }
  /** What became of a packet; `fault` of `linkFaults`. */
  linkFault(serial: number, from: number, to: number, fault: number, kind: number): void {
    this.emit(event.linkFault, serial, 0, 0, 0, from, to, fault, kind);
  }
  /** An update of the shared list came in from another host; `taken` 0: what is there is newer. */
  listUpdated(host: number, gfn: number, version: number, taken: number): void {
    this.emit(event.listUpdated, host, gfn, 0, version, 0, 0, 0, taken);
  }
  /** 415: the list's owner was told of a page that was moved (`moved` 1) or is no longer where it was (0). */
  gathered(gfn: number, generation: number, moved: number, list: number): void {
    this.emit(event.gathered, list, gfn, 0, generation, 0, 0, 0, moved);
  }
  /** 420, 425: a list is written: so many changes were given, so many entries it has with the owner's own. */
  completed(list: number, given: number, entries: number): void {
    this.emit(event.completed, list, 0, 0, 0, given, entries, 0, 0);
  }
  /** A change is complete with the store that comes next: what it took, of words and of cache lines. */
  exported(list: number, version: number, words: number, lines: number): void {
    this.emit(event.exported, list, 0, 0, version, words, lines, 0, 0);
  }
  /** 430: a vCPU has a copy of its guest's list as it was in `version`. */
  copied(vcpu: number, version: number, words: number, lines: number): void {
    this.emit(event.copied, vcpu, 0, 0, version, words, lines, 0, 0);
  }
  /** 435: a look begins that takes more than one load; `inspected` ends it. */
  inspecting(vcpu: number, gfn: number): void {
    this.emit(event.inspecting, vcpu, gfn, 0, 0, 0, 0, 0, 0);
  }
}
