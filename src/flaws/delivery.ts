// Flaws in what is there against lost, repeated and late messages, against devices that fail, and against a hypervisor
// that restarts. Each shows only where the fault is that it does not stand up to.
import { message } from '../model/messages.ts';
import { NOWHERE } from '../model/geometry.ts';
import { result } from '../model/words.ts';
import { type Flaw, override } from './flaw.ts';

const LISTED = ['copyless-map', 'copyless-migrate', 'copyless-map-then-migrate'] as const;

export const delivery: readonly Flaw[] = [
  {
    name: 'request-done-again',
    sentence: 'the host does not know a request again that it has heard before',
    race: 23,
    alarms: ['I7-exactly-once', 'legal-lifecycle', 'no-copy-back', 'answered', 'I1-single-home'],
    needs: { protocols: LISTED, faults: ['repeat request'] },
    apply({ host }) {
      override(host.requests.heard, 'hear', (hear) => (request, serial) => {
        hear(request, serial);
        return 'new';
      });
    },
  },
  {
    name: 'retry-is-a-new-request',
    sentence: 'a guest that says a request again gives it another number',
    race: 23,
    alarms: ['I7-exactly-once', 'legal-lifecycle', 'no-copy-back', 'answered', 'I1-single-home'],
    needs: { protocols: LISTED, faults: ['lose request', 'lose answer'] },
    apply({ vcpus }) {
      for (const vcpu of vcpus) {
        override(vcpu, 'receive', (receive) => (incoming, context) => {
          if (incoming.kind === message.timeout) {
            vcpu.unanswered.forEach((open, slot) => {
              vcpu.asked[slot]! += open;
            });
          }
          receive(incoming, context);
        });
      }
    },
  },
  {
    name: 'any-answer-will-do',
    sentence: 'an answer that comes late is taken for the answer to a newer request',
    race: 23,
    alarms: ['I7-exactly-once', 'I2-read-last-write', 'legal-lifecycle', 'answered'],
    needs: { protocols: LISTED, faults: ['repeat answer', 'delay answer'] },
    apply({ vcpus }) {
      for (const vcpu of vcpus) {
        override(vcpu, 'isAnswered', (isAnswered) => (incoming) => {
          const slot = incoming.id % vcpu.asked.length;
          return isAnswered({ ...incoming, serial: vcpu.asked[slot]! });
        });
      }
    },
  },
  {
    name: 'never-said-again',
    sentence: 'a guest waits for an answer without ever saying again what it asked',
    race: 23,
    alarms: ['answered'],
    needs: { faults: ['lose request', 'lose answer', 'lose fault', 'lose resume'] },
    apply({ vcpus }) {
      for (const vcpu of vcpus) override(vcpu.retries, 'isDue', () => () => false);
    },
  },
  {
    name: 'call-served-again',
    sentence: 'a memory node or store does again what it is told again',
    race: 23,
    alarms: ['I5-conservation', 'I1-single-home', 'legal-lifecycle', 'no-copy-back'],
    needs: { faults: ['repeat call'] },
    apply({ memoryNodes, stores }) {
      for (const { served } of [...memoryNodes, ...stores]) {
        override(served, 'isNew', (isNew) => (incoming, context) => {
          isNew(incoming, context);
          return true;
        });
      }
    },
  },
  {
    name: 'acknowledgements-counted',
    sentence: 'a vCPU that acknowledges a shootdown twice counts for two',
    race: 16,
    alarms: ['I8-shootdown', 'I2-read-last-write'],
    needs: { faults: ['repeat flushed'] },
    apply({ hypervisor }) {
      override(hypervisor, 'isHeardFrom', (isHeardFrom) => (vcpu, operation) => {
        isHeardFrom(vcpu, operation);
        return true;
      });
    },
  },
  {
    name: 'no-checksum',
    sentence: 'what is read from a store is taken for what was written there',
    race: 20,
    alarms: ['I1-single-home', 'I2-read-last-write', 'I3-isolation'],
    needs: { faults: ['bit flip at rest', 'bit flip in flight'] },
    apply({ world: { transfer } }) {
      override(transfer, 'moveIn', (moveIn) => (from, to, gfn, generation, flips) => {
        moveIn(from, to, gfn, generation, flips);
        return true;
      });
    },
  },
  {
    name: 'short-write-accepted',
    sentence: 'the source is freed without a look at whether the whole page was written',
    race: 20,
    alarms: ['I1-single-home', 'I2-read-last-write', 'I3-isolation'],
    needs: { faults: ['short write', 'misdirected write'] },
    apply: ({ world }) => override(world.transfer, 'isStored', () => () => true),
  },
  {
    name: 'zeros-for-read-error',
    sentence: 'a page that could not be read comes back as zeros',
    race: 20,
    alarms: ['I1-single-home', 'I2-read-last-write'],
    needs: { faults: ['read error'] },
    apply({ memoryNodes, stores, world }) {
      const { locations, operations, transfer } = world;
      for (const { pool } of [...memoryNodes, ...stores]) {
        override(pool, 'fill', (fill) => (kind, operation, context) => {
          const to = operations.to[operation]!;
          world.meter.forget();
          const outcome = fill(kind, operation, context);
          // Where bytes were moved the page was read, if not as it was.
          if (outcome === result.OK || world.meter.locations[1] !== NOWHERE) return outcome;
          locations.step(to, locations.table.event.fill, context.trace);
          transfer.clear(to);
          return result.OK;
        });
      }
    },
  },
  {
    name: 'restart-empties-list',
    sentence: 'a hypervisor that has restarted exports an empty list as if it were complete',
    race: 23,
    alarms: ['I6-advisory-list'],
    needs: { protocols: LISTED, faults: ['hypervisor restart'], list: { owner: 'hypervisor' } },
    apply({ exporter, world: { lists } }) {
      override(exporter, 'restart', (restart) => (context) => {
        restart(context);
        for (const list of lists) list.rebuilt();
      });
      override(exporter, 'rebuild', (rebuild) => (complete, context) => {
        rebuild(new Int32Array(complete.length), context);
      });
    },
  },
];
