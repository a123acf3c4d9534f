// Flaws of the first migration and of paging: who may still reach a frame, when it is free again, who has the page.
import type { Context } from '../actor/actor.ts';
import type { Built } from '../actors/index.ts';
import { field } from '../actors/vcpu-column.ts';
import { operationKind, purpose, result } from '../model/words.ts';
import { before, type Flaw, override, replan, replanned, without } from './flaw.ts';

const pools = ({ memoryNodes, stores }: Built) => [...memoryNodes, ...stores].map(({ pool }) => pool);
const isSwapOut = ({ world }: Built, operation: number) =>
  world.operations.kind[operation]! - 1 === operationKind['swap-out'];

export const moving: readonly Flaw[] = [
  {
    name: 'source-freed-before-store',
    sentence: 'a swap-out gives the frame back before its content has been stored',
    alarms: ['I1-single-home', 'I8-shootdown'],
    apply: (built) =>
      replan(built, (p) => replanned(p, ['swapOut'], (plan) => before(plan, 'store', 'release'))),
  },
  {
    name: 'slot-freed-before-load',
    sentence: 'a swap-in gives the slot back before its content has been loaded',
    alarms: ['I1-single-home'],
    apply: (built) =>
      replan(built, (p) =>
        replanned(p, ['swapIn', 'touchRemapped'], (plan) => before(plan, 'load', 'release')),
      ),
  },
  {
    name: 'mapped-before-load',
    sentence: 'a swap-in maps the frame before the content is in it',
    alarms: ['I1-single-home'],
    apply: (built) =>
      replan(built, (p) => replanned(p, ['swapIn', 'touchRemapped'], (plan) => before(plan, 'load', 'map'))),
  },
  {
    // Dirty data lost under writeback: what `clear_page_dirty_for_io` and its write-protection are for.
    name: 'no-write-protection',
    sentence: 'a page stays writable while it is being written out',
    race: 5,
    alarms: ['I8-shootdown', 'I2-read-last-write'],
    apply: ({ world }) => override(world.ept, 'protect', () => () => {}),
  },
  {
    // CVE-2018-18281: mremap() let pages go before the TLBs were flushed.
    name: 'shootdown-not-awaited',
    sentence: 'the host goes on before the vCPUs have acknowledged a shootdown',
    race: 16,
    alarms: ['I8-shootdown', 'I2-read-last-write'],
    apply({ hypervisor }) {
      override(hypervisor, 'shootdown', (shootdown) => (operation, gfn, context) => {
        shootdown(operation, gfn, context);
        hypervisor.done(operation, result.OK, context);
      });
    },
  },
  {
    // Lazy TLB mode: a CPU that is left out of the mask of those to interrupt.
    name: 'shootdown-forgets-a-vcpu',
    sentence: 'a shootdown leaves the last vCPU of the guest out',
    race: 16,
    alarms: ['I8-shootdown', 'I2-read-last-write'],
    apply({ hypervisor, world: { geometry } }) {
      let forgotten = -1;
      override(hypervisor, 'shootdown', (shootdown) => (operation, gfn, context) => {
        const guest = geometry.guestOf(gfn);
        forgotten = geometry.guestVcpu[guest + 1]! - 1;
        shootdown(operation, gfn, context);
        forgotten = -1;
        if (--hypervisor.acks[operation]! === 0) hypervisor.done(operation, result.OK, context);
      });
      override(hypervisor, 'expect', (expect) => (vcpu, operation) => {
        if (vcpu !== forgotten) expect(vcpu, operation);
      });
    },
  },
  {
    // What mmu_notifier_retry is there to prevent: an install that began before an invalidation and ended after it.
    name: 'stale-walk-fills-tlb',
    sentence: 'a vCPU installs a translation that it walked before a shootdown which it has acknowledged',
    race: 16,
    alarms: ['I8-shootdown', 'I2-read-last-write'],
    needs: { faults: [] },
    apply({ vcpus, world, remember }) {
      for (const vcpu of vcpus) {
        /** Page + 1 that was walked, its Gfn, what was found. */
        const late = remember(vcpu.self, 3);
        override(vcpu.accesses, 'walkEpt', () => (gvpn, write, context) => {
          const gfn = vcpu.own[field.walked]!;
          const found = late[2]!;
          if (late[0] === gvpn + 1 && late[1] === gfn && (!write || (found & 1) === 1)) {
            world.tlbs[vcpu.self]!.fill(gvpn, gfn, found);
            context.trace.tlbFill(vcpu.self, gfn, found >>> 1, found & 1);
            late.fill(0);
            return;
          }
          late.set([gvpn + 1, gfn, world.ept.walk(gfn, write)]);
          if (late[2] !== 0) return;
          late.fill(0);
          vcpu.own[field.walked] = -1;
          vcpu.fault(gfn, write, purpose.access, context);
        });
      }
    },
  },
  {
    name: 'mapping-kept',
    sentence: 'the second-level mapping of a page stays when the page has been moved out',
    alarms: ['I8-shootdown', 'I1-single-home', 'I2-read-last-write', 'I3-isolation'],
    apply: ({ world }) => override(world.ept, 'clear', () => () => {}),
  },
  {
    name: 'frame-leak',
    sentence: 'an operation that gives up keeps the frame or slot that it had reserved',
    alarms: ['I5-conservation'],
    apply({ host: { interpreter }, world: { operations } }) {
      override(interpreter, 'abandon', () => (operation, outcome, context) => {
        operations.outcome[operation] = outcome;
        interpreter.follow(operation, [], context);
      });
    },
  },
  {
    name: 'double-release',
    sentence: 'a swap-in gives its slot back twice',
    alarms: ['I5-conservation'],
    apply: (built) => replan(built, (p) => replanned(p, ['swapIn'], (plan) => [...plan, 'release'])),
  },
  {
    name: 'slot-given-twice',
    sentence: 'a slot that a swap-out was given is given to the next one too',
    alarms: ['I5-conservation'],
    apply(built) {
      for (const pool of pools(built)) {
        override(pool, 'reserve', (reserve) => (operation, context) => {
          const outcome = reserve(operation, context);
          if (outcome === result.OK && isSwapOut(built, operation)) pool.depth[0]!++;
          return outcome;
        });
      }
    },
  },
  {
    name: 'full-store-overwrites',
    sentence: 'a swap-out to a store that is full goes over what is there',
    race: 25,
    alarms: ['I5-conservation'],
    needs: { faults: [] },
    apply(built) {
      override(built.host.reclaim, 'hasRoom', () => () => true);
      for (const pool of pools(built)) {
        override(pool, 'reserve', (reserve) => (operation, context) => {
          if (pool.depth[0] === 0 && isSwapOut(built, operation)) {
            pool.depth[0] = 1;
            pool.stack[0] = pool.first;
          }
          return reserve(operation, context);
        });
      }
    },
  },
  {
    name: 'no-page-lock',
    sentence: 'the host begins an operation on a page that another operation has',
    race: 8,
    alarms: [
      'I1-single-home',
      'I5-conservation',
      'legal-lifecycle',
      'I7-exactly-once',
      'no-copy-back',
      'answered',
    ],
    apply: ({ host }) => override(host.pages, 'operationOn', () => () => -1),
  },
  {
    name: 'swap-out-ignores-lock',
    sentence: 'reclaim takes a page that another operation has',
    alarms: [
      'I1-single-home',
      'I5-conservation',
      'legal-lifecycle',
      'answered',
      'I8-shootdown',
      'I6-advisory-list',
    ],
    apply({ host: { reclaim, pages } }) {
      let blind = false;
      override(pages, 'operationOn', (operationOn) => (gfn) => (blind ? -1 : operationOn(gfn)));
      override(reclaim, 'victim', (victim) => (node, copies) => {
        blind = true;
        const gfn = victim(node, copies);
        blind = false;
        return gfn;
      });
    },
  },
  {
    name: 'frame-not-cleared',
    sentence: 'a first touch is given a frame with whatever was in it',
    alarms: ['I1-single-home', 'I3-isolation'],
    apply: (built) => replan(built, (p) => replanned(p, ['firstTouch'], (plan) => without(plan, 'zero'))),
  },
  {
    // A wake-up of one where all were meant, as with exclusive waits on a page.
    name: 'waiter-not-woken',
    sentence: 'of several vCPUs that wait for a page only the first is resumed',
    alarms: ['answered'],
    apply({ host }) {
      override(host, 'wake', () => (gfn: number, outcome: number, context: Context) => {
        const vcpu = host.faultAwaits.indexOf(gfn + 1);
        if (vcpu >= 0) host.resume(vcpu, outcome, context);
        host.interpreter.pageIsFree(gfn, context);
      });
    },
  },
  {
    // mm_tlb_flush_pending exists for this (Linux 3.13, and again in 4.13).
    name: 'hint-scan-does-not-flush',
    sentence: 'a hint scan ends without the other vCPUs having dropped their translations',
    race: 24,
    alarms: ['I2-read-last-write', 'I3-isolation'],
    apply({ vcpus }) {
      for (const vcpu of vcpus) {
        override(vcpu, 'flushOthers', (flush) => (context) => !vcpu.scan.active && flush(context));
      }
    },
  },
  {
    name: 'seized-without-comparing',
    sentence: 'a guest puts its migration entry over whatever is in the page table by then',
    race: 24,
    alarms: ['I2-read-last-write', 'I3-isolation', 'answered', 'I7-exactly-once'],
    apply({ world: { gpt } }) {
      override(gpt, 'seize', (seize) => (gvpn, _expected, vcpu) => seize(gvpn, gpt.peek(gvpn), vcpu));
    },
  },
];
