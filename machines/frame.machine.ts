// The life of a unit of storage: a frame of a memory node or a slot of a store. Free units are poisoned, so that a stale
// reader is seen; a unit is reserved before content may enter it and released before anybody else may have it.
import { setup } from 'xstate';

export const frameMachine = setup({
  types: { events: {} as { type: 'reserve' } | { type: 'fill' } | { type: 'release' } },
}).createMachine({
  id: 'frame',
  initial: 'free',
  states: {
    free: { on: { reserve: { target: 'reserved' } } },
    reserved: { on: { fill: { target: 'filled' }, release: { target: 'free' } } },
    // Content may be replaced in place: the guest's own copy writes over a frame that was cleared for it.
    filled: { on: { fill: { target: 'filled' }, release: { target: 'free' } } },
  },
});
