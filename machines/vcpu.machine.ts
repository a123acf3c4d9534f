// What a vCPU is doing: it runs, or waits for exactly one thing. In every state it still answers shootdowns, else two
// vCPUs that wait for each other's acknowledgement would never go on.
import { setup } from 'xstate';

export const vcpuMachine = setup({
  types: {
    events: {} as
      | { type: 'fault' }
      | { type: 'resume' }
      | { type: 'flush' }
      | { type: 'flushed' }
      | { type: 'ask' }
      | { type: 'answered' }
      | { type: 'wait' }
      | { type: 'migrated' }
      | { type: 'park' }
      | { type: 'unpark' }
      | { type: 'halt' },
  },
}).createMachine({
  id: 'vcpu',
  initial: 'running',
  states: {
    running: {
      on: {
        fault: { target: 'faulted' },
        flush: { target: 'flushing' },
        ask: { target: 'asking' },
        wait: { target: 'waiting' },
        park: { target: 'parked' },
        halt: { target: 'halted' },
      },
    },
    // EPT violation outstanding.
    faulted: { on: { resume: { target: 'running' } } },
    // Guest TLB flush sent, acknowledgements outstanding (smp_call_function_many).
    flushing: { on: { flushed: { target: 'running' } } },
    // Balance requests outstanding.
    asking: { on: { answered: { target: 'running' } } },
    // Another vCPU is migrating the page (migration_entry_wait).
    waiting: { on: { migrated: { target: 'running' } } },
    // No task here: waits for a handover.
    parked: { on: { unpark: { target: 'running' } } },
    halted: {},
  },
});
