// The life of a balance request (hypercall). One actor has it in custody at a time: the guest drafts and sends it, the
// hypervisor forwards it, the host accepts it and ends it. A refusal has no effect, so it can only precede acceptance.
import { setup } from 'xstate';

export const requestMachine = setup({
  types: {
    events: {} as
      | { type: 'send' }
      | { type: 'forward' }
      | { type: 'accept' }
      | { type: 'complete' }
      | { type: 'refuse' }
      | { type: 'reuse' }
      | { type: 'fail' },
  },
}).createMachine({
  id: 'request',
  initial: 'drafted',
  states: {
    drafted: { on: { send: { target: 'sent' } } },
    // The hypervisor refuses what is out of bounds or not the guest's own (EINVAL).
    sent: { on: { forward: { target: 'forwarded' }, refuse: { target: 'refused' } } },
    forwarded: { on: { accept: { target: 'accepted' }, refuse: { target: 'refused' } } },
    // The content could not be read back: the page stays where it is, and is poisoned.
    accepted: { on: { complete: { target: 'completed' }, fail: { target: 'failed' } } },
    completed: { on: { reuse: { target: 'drafted' } } },
    refused: { on: { reuse: { target: 'drafted' } } },
    failed: { on: { reuse: { target: 'drafted' } } },
  },
});
