// Flaws of the second migration: the list, the hold, the request, the answer, and where the page then goes.
import type { Built } from '../actors/index.ts';
import { field } from '../actors/vcpu-column.ts';
import { TableList } from '../memory/lists/table-list.ts';
import { message } from '../model/messages.ts';
import { finding, operationKind, result } from '../model/words.ts';
import type { Plan, Protocol } from '../protocols/protocol.ts';
import { before, type Flaw, override, replan, replanned, replannedRequests, without } from './flaw.ts';

const LISTED = ['copyless-map', 'copyless-migrate', 'copyless-map-then-migrate'] as const;
const MOVES_DATA = ['copyless-migrate', 'copyless-map-then-migrate'] as const;

/** vCPUs work from the generation under which they first saw a page on the list. */
function keepFirstCopy({ vcpus, world: { geometry }, remember }: Built): void {
  for (const { view, self } of vcpus) {
    const now = remember(self, 2);
    const [gfn, generation] = [0, 1];
    /** By Gfn: that generation + 1. */
    const first = remember(self, geometry.gfns);
    override(view, 'begin', (begin) => (wanted, context) => {
      now[gfn] = wanted;
      begin(wanted, context);
    });
    const seen = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(view), 'generation')!;
    override(view, 'look', (look) => (context) => {
      const found = look(context);
      if (found !== finding.listed) return found;
      const before = first[now[gfn]!]! - 1;
      now[generation] = before < 0 ? (seen.get!.call(view) as number) : before;
      first[now[gfn]!] = now[generation] + 1;
      return found;
    });
    Object.defineProperty(view, 'generation', { get: () => now[generation] });
  }
}

/** A guest that claims the page, in whatever generation it is. */
function claimAnyGeneration({ world: { pages } }: Built): void {
  override(pages, 'claim', (claim) => (gfn, on, _generation, trace) => {
    return claim(gfn, on, pages.peek(gfn).generation, trace);
  });
}

export const asking: readonly Flaw[] = [
  {
    name: 'older-list-accepted',
    sentence: 'a guest that works from an older copy of the list holds a page that has moved again since',
    race: 1,
    alarms: ['answered'],
    needs: { protocols: LISTED },
    apply(built) {
      keepFirstCopy(built);
      const { pages } = built.world;
      claimAnyGeneration(built);
      override(pages, 'attempt', (attempt) => (gfn, on, generation, bump, trace) => {
        return attempt(gfn, on, on === pages.table.event.detect ? -1 : generation, bump, trace);
      });
    },
  },
  {
    // The ABA of userfaultfd_move (fixed 2025): the swap entry is compared, and not whether it is still the same move.
    name: 'generation-ignored',
    sentence: 'the host takes a request on for a page that has come back and moved again since it was listed',
    race: 3,
    alarms: ['no-copy-back'],
    needs: { protocols: LISTED },
    apply(built) {
      keepFirstCopy(built);
      claimAnyGeneration(built);
      const { pages } = built.world;
      override(pages, 'attempt', (attempt) => (gfn, on, _generation, bump, trace) => {
        return attempt(gfn, on, -1, bump, trace);
      });
    },
  },
  {
    name: 'generation-stays',
    sentence: 'a page keeps its generation when it comes back, and is listed under it again',
    race: 3,
    alarms: ['I6-advisory-list', 'no-copy-back'],
    needs: { protocols: LISTED },
    apply({ world: { pages } }) {
      override(pages, 'attempt', (attempt) => (gfn, on, generation, _bump, trace) => {
        return attempt(gfn, on, generation, false, trace);
      });
    },
  },
  {
    name: 'served-through-source',
    sentence: 'a migrate takes its frame on the source node',
    alarms: ['no-copy-back', 'I4-pin'],
    needs: { protocols: MOVES_DATA },
    apply: (built) =>
      replan(built, (p) =>
        replannedRequests(p, (plan) => plan.map((step) => (step === 'reserve' ? 'reserve source' : step))),
      ),
  },
  {
    name: 'mapped-page-returns',
    sentence: 'the first touch after a map brings the page to the node that it was taken away from',
    alarms: ['no-copy-back', 'I4-pin'],
    needs: { protocols: ['copyless-map'] },
    apply({ host, world: { operations } }) {
      override(host, 'begin', (begin) => (kind, gfn, because, plan, context, destination) => {
        const source = host.pages.sourceOf(gfn);
        const operation = begin(kind, gfn, because, plan, context, destination);
        if (kind === operationKind.fault && source >= 0) operations.home[operation] = source;
        return operation;
      });
    },
  },
  {
    name: 'source-entry-kept',
    sentence: "a request is done and the source Gfn's entry still names the page",
    alarms: ['I1-single-home', 'legal-lifecycle'],
    needs: { protocols: LISTED },
    apply: (built) => replan(built, (p) => replannedRequests(p, (plan) => without(plan, 'unmap'))),
  },
  {
    name: 'full-destination-drops-page',
    sentence: 'a request that finds the destination full takes the page from the source all the same',
    race: 10,
    alarms: ['I7-exactly-once', 'I1-single-home'],
    needs: { protocols: MOVES_DATA },
    apply(built) {
      const { interpreter } = built.host;
      const { operations } = built.world;
      // A plan of the protocol's, so that a search can foresee it.
      const drops: Plan = ['unmap', 'release'];
      replan(built, () => ({ drops }) as Partial<Protocol>);
      override(interpreter.room, 'reserved', (reserved) => (operation, outcome, context) => {
        const balances = operations.kind[operation]! - 1 === operationKind.balance;
        if (outcome === result.OK || !balances) return reserved(operation, outcome, context);
        operations.outcome[operation] = outcome;
        interpreter.follow(operation, drops, context);
      });
    },
  },
  {
    name: 'full-destination-falls-back',
    sentence: 'a request that finds the destination full goes to the source node',
    race: 10,
    alarms: ['no-copy-back', 'I4-pin'],
    needs: { protocols: MOVES_DATA },
    apply({ host: { interpreter, pages }, world: { operations, geometry }, remember }) {
      const full = remember(geometry.host, operations.count);
      override(pages, 'resolve', (resolve) => (operation) => {
        const node = resolve(operation);
        if (full[operation] === 0) return node;
        full[operation] = 0;
        return geometry.pinOf(operations.gfn[operation]!);
      });
      override(interpreter.room, 'reserved', (reserved) => (operation, outcome, context) => {
        const balances = operations.kind[operation]! - 1 === operationKind.balance;
        const source = geometry.pinOf(operations.gfn[operation]!);
        if (outcome === result.OK || !balances || operations.home[operation] === source)
          return reserved(operation, outcome, context);
        full[operation] = 1;
        context.send(geometry.host, message.turn, operation);
      });
    },
  },
  {
    name: 'overflow-not-flagged',
    sentence: 'a moved page that finds no room on the list leaves no mark there',
    race: 18,
    alarms: ['I6-advisory-list'],
    needs: { protocols: LISTED, listCapacity: 2, list: { format: 'table' } },
    apply({ world: { lists } }) {
      for (const list of lists) {
        if (list instanceof TableList) override(list.placement, 'isOverflowed', () => () => false);
      }
    },
  },
  {
    name: 'overflow-cleared-early',
    sentence: 'the mark for pages without room on the list goes with the first of them',
    race: 18,
    alarms: ['I6-advisory-list'],
    needs: { protocols: LISTED, listCapacity: 1, list: { format: 'table' } },
    apply({ world: { lists } }) {
      for (const list of lists) {
        if (!(list instanceof TableList)) continue;
        const { overflow } = list.placement;
        override(list.placement, 'remove', (remove) => (gfn) => {
          for (let entry = 0; entry < overflow.length; entry++)
            overflow[entry] = Math.min(1, overflow[entry]!);
          return remove(gfn);
        });
      }
    },
  },
  {
    name: 'listed-under-older-generation',
    sentence: 'a page is listed under the generation of its move before',
    race: 1,
    alarms: ['I6-advisory-list'],
    needs: { protocols: LISTED },
    apply({ exporter }) {
      override(exporter, 'insert', (insert) => (gfn, generation, context) => {
        insert(gfn, Math.max(0, generation - 1), context);
      });
    },
  },
  {
    name: 'removal-not-published',
    sentence: 'the hypervisor never takes an entry off the list',
    race: 1,
    alarms: ['I6-advisory-list'],
    needs: { protocols: LISTED },
    apply: ({ exporter }) => override(exporter, 'remove', () => () => {}),
  },
  {
    name: 'fault-does-not-retire',
    sentence: 'a demand fault brings a page back and leaves it on the list',
    race: 6,
    alarms: ['I6-advisory-list'],
    needs: { protocols: LISTED },
    apply: (built) =>
      replan(built, (p) => replanned(p, ['swapIn', 'touchRemapped'], (plan) => without(plan, 'retire'))),
  },
  {
    name: 'exported-before-written',
    sentence: 'a page is listed while it is still being written out',
    race: 5,
    alarms: ['legal-lifecycle'],
    needs: { protocols: LISTED },
    apply: (built) =>
      replan(built, (p) => replanned(p, ['swapOut'], (plan) => before(plan, 'store', 'export'))),
  },
  {
    name: 'refusal-not-sent',
    sentence: 'a guest whose request is refused is not told',
    race: 23,
    alarms: ['answered'],
    needs: { protocols: LISTED },
    apply({ system, world: { geometry, requests } }) {
      override(system.contexts[geometry.host]!, 'send', (send) => (receiver, kind, id, ...more) => {
        if (kind === message.answer && requests.result[id] !== result.OK) return;
        send(receiver, kind, id, ...more);
      });
    },
  },
  {
    name: 'first-answer-ends-batch',
    sentence: 'the first answer that comes in is taken for the answer to every request of the hypercall',
    race: 23,
    alarms: [
      'I2-read-last-write',
      'I7-exactly-once',
      'legal-lifecycle',
      'I1-single-home',
      'I3-isolation',
      'no-copy-back',
    ],
    needs: { protocols: LISTED, batch: 4, faults: [] },
    apply({ vcpus, remember }) {
      for (const vcpu of vcpus) {
        /** Answers that are still to come, in the only element. */
        const late = remember(vcpu.self, 1);
        override(vcpu, 'receive', (receive) => (incoming, context) => {
          if (incoming.kind !== message.answer) return receive(incoming, context);
          if (late[0]! > 0) {
            late[0]!--;
            return;
          }
          late[0] = vcpu.own[field.outstanding]! - 1;
          vcpu.own[field.outstanding] = 1;
          receive(incoming, context);
        });
      }
    },
  },
  {
    name: 'wrong-pin',
    sentence: "a migrate brings the page to the node next to the one its destination's vNode is pinned to",
    race: 21,
    alarms: ['I4-pin', 'no-copy-back'],
    needs: { protocols: MOVES_DATA },
    apply({ host, world: { geometry } }) {
      override(host.pages, 'resolve', (resolve) => (operation) => (resolve(operation) + 1) % geometry.nodes);
    },
  },
  {
    name: 'answered-before-effect',
    sentence: 'the guest is told OK when its request is taken on',
    alarms: ['I7-exactly-once', 'no-copy-back'],
    needs: { protocols: LISTED },
    apply({ host, vcpus, world: { geometry, operations }, remember }) {
      const early = remember(geometry.host, vcpus.length * geometry.spec.batch);
      override(host.requests, 'answer', (answer) => (request, outcome, context) => {
        if (early[request] === 0) answer(request, outcome, context);
        early[request] = 0;
      });
      override(host.interpreter, 'turn', (turn) => (operation, context) => {
        const accepts = host.interpreter.stepOf(operation) === 'accept';
        turn(operation, context);
        if (!accepts || operations.carried[operation]! < 0) return;
        const request = operations.request[operation]!;
        host.requests.answer(request, result.OK, context);
        early[request] = 1;
      });
    },
  },
  {
    name: 'refused-with-effect',
    sentence: 'a request whose page has moved is answered BUSY',
    alarms: ['I7-exactly-once', 'legal-lifecycle'],
    needs: { protocols: LISTED },
    apply({ host }) {
      override(host.requests, 'answer', (answer) => (request, outcome, context) => {
        answer(request, outcome === result.OK ? result.BUSY : outcome, context);
      });
    },
  },
  {
    // Race 2 of the small model: without this rule the guest's own copy is the copy-back.
    name: 'copy-faults-page-in',
    sentence: "the guest's own copy of an unlisted page faults it in where the host has taken it meanwhile",
    race: 2,
    alarms: ['no-copy-back'],
    needs: { protocols: LISTED },
    apply({ vcpus }) {
      for (const vcpu of vcpus as readonly {
        protocol: Protocol;
        balancing: (typeof vcpus)[number]['balancing'];
      }[]) {
        override(vcpu.balancing, 'mapSource', (mapSource) => (slot, context) => {
          const { protocol } = vcpu;
          vcpu.protocol = { ...protocol, guestAsks: 'nothing' };
          mapSource(slot, context);
          vcpu.protocol = protocol;
        });
      }
    },
  },
  {
    name: 'prefetch-ignores-hold',
    sentence: 'the host prefetches a page that the guest holds',
    race: 7,
    alarms: ['no-copy-back'],
    needs: { protocols: LISTED, prefetch: 2 },
    apply({ host: { interpreter }, world: { pages, operations } }) {
      const { state, event } = pages.table;
      let prefetching = false;
      override(interpreter, 'turn', (turn) => (operation, context) => {
        prefetching = operations.kind[operation]! - 1 === operationKind.prefetch;
        turn(operation, context);
        prefetching = false;
      });
      override(pages, 'attempt', (attempt) => (gfn, on, generation, bump, trace) => {
        const seen = pages.peek(gfn).state;
        const held = seen === state['listed.held'] || seen === state['remapped.held'];
        const takes = prefetching && held && on === event.demand;
        return attempt(gfn, takes ? event.convert : on, generation, bump, trace);
      });
    },
  },
  {
    name: 'destination-not-vacated',
    sentence: 'a page is moved to a Gfn that another content still backs',
    race: 11,
    alarms: ['I1-single-home', 'I5-conservation', 'legal-lifecycle'],
    needs: { protocols: LISTED },
    apply: (built) => replan(built, (p) => replannedRequests(p, (plan) => without(plan, 'vacate'))),
  },
];
