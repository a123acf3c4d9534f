// The losing ends of races that chance alone reaches too seldom: each is found by its litmus file (test/litmus), in which
// the scenario brings both sides together and only the order is left to chance.
import type { Context } from '../actor/actor.ts';
import type { Built } from '../actors/index.ts';
import { field } from '../actors/vcpu-column.ts';
import { message } from '../model/messages.ts';
import { SnapshotReader } from '../memory/lists/snapshot-list.ts';
import type { Recorder } from '../model/recorder.ts';
import { operationKind, result } from '../model/words.ts';
import { type Flaw, override, replan, replanned, without } from './flaw.ts';

const LISTED = ['copyless-map', 'copyless-migrate', 'copyless-map-then-migrate'] as const;

/** Generations of a Gfn that are told apart. */
const GENERATIONS = 4;

/** Where a Gfn's page was when it was put on the list in a generation: all that a look can have told a guest. */
function whereListed({ host, world, remember }: Built): (gfn: number, generation: number) => number {
  const { geometry, operations } = world;
  const locations = remember(geometry.host, geometry.gfns * GENERATIONS);
  const at = (gfn: number, generation: number) => gfn * GENERATIONS + (generation % GENERATIONS);
  override(host.calls, 'make', (make) => (receiver, kind, operation, gfn, ...more) => {
    if (kind === message.export)
      locations[at(gfn, operations.generation[operation]!)] = host.pages.locationOf(gfn) + 1;
    make(receiver, kind, operation, gfn, ...more);
  });
  return (gfn, generation) => locations[at(gfn, generation)]! - 1;
}

/** While the host looks at a request, something is not as it is. */
function whileAsked({ host }: Built, change: (asked: () => boolean) => void): void {
  let asked = false;
  override(host.requests, 'onRequest', (onRequest) => (request, context) => {
    asked = true;
    onRequest(request, context);
    asked = false;
  });
  change(() => asked);
}

export const races: readonly Flaw[] = [
  {
    name: 'stale-entry-trusted',
    sentence: 'a request is taken on because the page was listed, although it is back on its source by now',
    race: 1,
    alarms: ['no-copy-back'],
    needs: { protocols: LISTED, litmus: true },
    apply({ world: { pages, meter } }) {
      const { state, event } = pages.table;
      override(pages, 'attempt', (attempt) => (gfn, on, generation, bump, trace) => {
        const accepts = on === event.map || on === event.migrate;
        if (accepts && pages.peek(gfn).state === state['resident.present']) {
          meter.touch(pages.words, gfn);
          return state['remapped.migrating'];
        }
        return attempt(gfn, on, generation, bump, trace);
      });
    },
  },
  {
    name: 'fault-ignores-hold',
    sentence: 'a demand fault is served on the source although the guest has claimed the page',
    race: 2,
    alarms: ['no-copy-back'],
    needs: { protocols: LISTED, litmus: true },
    apply({ world: { pages, geometry, meter }, remember }) {
      const { state, event } = pages.table;
      const exported: Record<number, number> = {
        [state['listed.held']]: state['listed.exported'],
        [state['remapped.held']]: state['remapped.mapped'],
      };
      override(pages, 'state', (stateOf) => (gfn) => {
        const seen = stateOf(gfn);
        return exported[seen] ?? seen;
      });
      const served = remember(geometry.host, geometry.gfns);
      override(pages, 'attempt', (attempt) => (gfn, on, generation, bump, trace) => {
        if (on === event.cancel && served[gfn] === 1) return -1;
        const seen = pages.peek(gfn).state;
        if (on !== event.demand || exported[seen] === undefined)
          return attempt(gfn, on, generation, bump, trace);
        meter.touch(pages.words, gfn);
        served[gfn] = 1;
        return seen;
      });
    },
  },
  {
    // userfaultfd_move before its fix of 2025: pte_same() holds again when the slot was freed and taken once more.
    name: 'entry-compared-without-generation',
    sentence: 'the host takes a request on if the page is in the slot that it was in when it was listed',
    race: 3,
    alarms: ['no-copy-back'],
    needs: { protocols: LISTED, litmus: true },
    apply(built) {
      const { host } = built;
      const { pages } = built.world;
      const { event } = pages.table;
      const listed = whereListed(built);
      override(pages, 'attempt', (attempt) => (gfn, on, generation, bump, trace) => {
        const accepts = on === event.map || on === event.migrate;
        const same = accepts && listed(gfn, generation) === host.pages.locationOf(gfn);
        return attempt(gfn, on, same ? -1 : generation, bump, trace);
      });
    },
  },
  {
    // userfaultfd_move again: a folio was added to the swap cache after the check that there was none.
    name: 'cached-copy-left-behind',
    sentence: 'a page is moved on by its entry although read-ahead has put a copy of it on the source',
    race: 4,
    alarms: ['no-copy-back'],
    needs: { protocols: LISTED, litmus: true },
    apply(built) {
      const { host, world } = built;
      const { event } = world.pages.table;
      whileAsked(built, (asked) => {
        override(host.cache, 'isCached', (isCached) => (gfn) => !asked() && isCached(gfn));
      });
      override(world.pages, 'attempt', (attempt) => (gfn, on, generation, bump, trace) => {
        const accepts = on === event.map || on === event.migrate;
        const cached = accepts && host.cache.isCached(gfn);
        return cached
          ? attempt(gfn, event.migrate, -1, bump, trace)
          : attempt(gfn, on, generation, bump, trace);
      });
    },
  },
  {
    name: 'old-slot-used',
    sentence: 'a page that was read back and then written goes out again to the slot with its old content',
    race: 6,
    alarms: ['I1-single-home', 'I2-read-last-write'],
    needs: { litmus: true },
    apply: (built) => replan(built, (p) => replanned(p, ['dirtied'], (plan) => without(plan, 'forget'))),
  },
  {
    name: 'shared-slot-moved',
    sentence: 'a page is moved on and its slot freed although somebody else refers to the slot',
    race: 9,
    alarms: ['I5-conservation', 'I1-single-home'],
    needs: { protocols: LISTED, litmus: true },
    apply({ host, host: { interpreter } }) {
      const pages = host.pages as { references: Int32Array };
      const { references } = pages;
      const none = new Int32Array(references.length);
      const blind = <Given extends unknown[]>(look: (...given: Given) => void) => {
        return (...given: Given) => {
          pages.references = none;
          look(...given);
          pages.references = references;
        };
      };
      override(host.requests, 'onRequest', blind);
      override(interpreter, 'turn', blind);
    },
  },
  {
    name: 'pin-forgotten',
    sentence: 'the host does not remember that a page is pinned for a device',
    race: 14,
    alarms: ['I8-shootdown'],
    needs: { litmus: true },
    apply({ host }) {
      const pages = host.pages as { pinned: Int32Array };
      pages.pinned = new Proxy(pages.pinned, { get: () => 0, set: () => true });
    },
  },
  {
    name: 'hold-outlives-refusal',
    sentence: "a request is refused and the guest's hold on the page stays",
    race: 12,
    alarms: ['answered', 'no-copy-back'],
    needs: { protocols: LISTED, litmus: true },
    apply({ world: { pages } }) {
      override(pages, 'attempt', (attempt) => (gfn, on, generation, bump, trace) => {
        if (on === pages.table.event.cancel) return -1;
        return attempt(gfn, on, generation, bump, trace);
      });
    },
  },
  {
    name: 'given-back-but-listed',
    sentence: 'a moved page that the guest has given back is dropped and stays on the list',
    race: 11,
    alarms: ['given-back', 'I6-advisory-list'],
    needs: { protocols: LISTED, litmus: true },
    apply: (built) => replan(built, (p) => replanned(p, ['dropMoved'], (plan) => without(plan, 'retire'))),
  },
  {
    name: 'huge-page-half-moved',
    sentence: 'a guest says of a huge page of which parts were refused that all of it has moved',
    race: 13,
    alarms: ['huge-pages'],
    needs: { litmus: true },
    apply({ vcpus }) {
      for (const { balancing } of vcpus) {
        const { hugePages } = balancing;
        override(hugePages, 'settle', (settle) => (context) => {
          const trace = Object.create(context.trace) as Recorder;
          trace.hugeEnded = (vcpu, gvpn) => context.trace.hugeEnded(vcpu, gvpn, hugePages.pages);
          settle(Object.create(context, { trace: { value: trace } }) as Context);
        });
      }
    },
  },
  {
    name: 'token-loses-access',
    sentence: 'a vCPU that is told "ready" does not make the access that it had put aside',
    race: 15,
    alarms: ['async-faults'],
    needs: { litmus: true },
    apply({ vcpus }) {
      for (const { asyncFaults } of vcpus)
        override(asyncFaults, 'complete', (complete) => () => complete(true));
    },
  },
  {
    // Without mmu_invalidate_retry: the frame that the fault got is installed, whatever has become of it meanwhile.
    name: 'install-after-invalidation',
    sentence:
      'a vCPU installs the frame that its fault was answered with without a look at whether the page has moved on',
    race: 16,
    alarms: ['I8-shootdown', 'I2-read-last-write'],
    needs: { litmus: true },
    apply({ host, vcpus, world, remember, record }) {
      const { tlbs } = world;
      /** By vCPU, in the record of its fault: what it was answered with, or 0. A field of it, as any that goes along. */
      const faults = Object.assign(world.faults, { found: record(vcpus.length) });
      override(host, 'resume', (resume) => (vcpu, outcome, context) => {
        const gfn = faults.gfn[vcpu]!;
        const isThere = outcome === result.OK && host.pages.kindOf(gfn) === 'frame';
        faults.found[vcpu] = isThere ? 2 * host.pages.locationOf(gfn) + faults.write[vcpu]! : 0;
        resume(vcpu, outcome, context);
      });
      for (const vcpu of vcpus) {
        const { self } = vcpu;
        const asked = remember(self, 1);
        override(vcpu, 'fault', (fault) => (gfn, ...more) => {
          asked[0] = gfn;
          fault(gfn, ...more);
        });
        override(vcpu.accesses, 'walkEpt', (walkEpt) => (gvpn, write, context) => {
          const found = faults.found[self]!;
          faults.found[self] = 0;
          if (found === 0 || asked[0] !== vcpu.own[field.walked] || (write && found % 2 === 0))
            return walkEpt(gvpn, write, context);
          tlbs[self]!.fill(gvpn, asked[0]!, found);
          context.trace.tlbFill(self, asked[0]!, found >>> 1, found & 1);
        });
      }
    },
  },
  {
    name: 'foreign-gfn-accepted',
    sentence: 'the hypervisor does not ask whose the Gfns of a request are',
    race: 17,
    alarms: ['I3-isolation'],
    needs: { protocols: LISTED, litmus: true },
    apply: ({ hypervisor }) => override(hypervisor, 'isValid', () => () => true),
  },
  {
    name: 'torn-entry-read',
    sentence: 'a guest takes a list entry of two words without a look at whether it was written meanwhile',
    race: 18,
    alarms: ['I6-advisory-list'],
    needs: { protocols: LISTED, list: { format: 'snapshot' }, litmus: true },
    apply({ vcpus }) {
      for (const { view } of vcpus) {
        if (!(view.reader instanceof SnapshotReader)) continue;
        override(view.reader, 'isQuiet', () => () => true);
        override(view.reader, 'isSame', () => () => true);
      }
    },
  },
  {
    name: 'location-from-look',
    sentence: 'a request is carried out from where the page was when it was listed',
    race: 19,
    alarms: ['no-copy-back', 'I1-single-home'],
    needs: { protocols: LISTED, litmus: true },
    apply(built) {
      const { host } = built;
      const { operations } = built.world;
      const listed = whereListed(built);
      override(host, 'begin', (begin) => (kind, gfn, because, plan, context, destination) => {
        const operation = begin(kind, gfn, because, plan, context, destination);
        const was = listed(gfn, operations.generation[operation]!);
        if (kind === operationKind.balance && was >= 0) operations.from[operation] = was;
        return operation;
      });
    },
  },
  {
    name: 'pin-not-looked-at-again',
    sentence: 'a request is accepted with a frame on the node that its vNode was pinned to when it came',
    race: 21,
    alarms: ['I4-pin', 'no-copy-back'],
    needs: { protocols: LISTED, litmus: true },
    apply: ({ host: { pages } }) => override(pages, 'isRepinned', () => () => false),
  },
  {
    // Without a slot in reserve (mempool) full stores and full nodes wait for each other.
    name: 'no-slot-in-reserve',
    sentence: 'a fault that would free a slot may not use the last one for the page that must make way',
    race: 25,
    alarms: ['answered'],
    needs: { litmus: true },
    apply({ host: { reclaim } }) {
      override(reclaim, 'hasRoom', (hasRoom) => (node) => hasRoom(node, false));
    },
  },
];
