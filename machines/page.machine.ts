// The life of a page: what the host knows of one guest page frame (Gfn). Top level: resident, swapped, listed, remapped;
// these four names are what people verify against. Kernel anchors stand beside each transition (Linux 6.x, mm/).
//
// A page keeps its state when its entry moves to another Gfn: the host carries the word along. The generation, which
// counts a Gfn's moves, is data beside the state and lies in the same word (src/memory/page-words.ts).
import { setup } from 'xstate';

export const pageMachine = setup({
  types: {
    events: {} as
      | { type: 'swapOut' }
      | { type: 'touch' }
      | { type: 'written' }
      | { type: 'export' }
      | { type: 'detect' }
      | { type: 'cancel' }
      | { type: 'demand' }
      | { type: 'convert' }
      | { type: 'readAhead' }
      | { type: 'trim' }
      | { type: 'map' }
      | { type: 'migrate' }
      | { type: 'arrive' }
      | { type: 'fail' }
      | { type: 'free' },
  },
}).createMachine({
  id: 'page',
  initial: 'resident',
  // The guest freed it, its backing was dropped, or the guest exited: free_swap_and_cache.
  on: { free: { target: '.dead' } },
  states: {
    resident: {
      initial: 'present',
      states: {
        // add_to_swap, try_to_unmap, pageout: write-protected and being written out.
        present: { on: { swapOut: { target: 'writeback' } } },
        writeback: {
          on: {
            // Touched for writing before the write ended: the swap-out is cancelled (the fault finds the swap cache).
            touch: { target: 'present' },
            // End of writeback, __remove_mapping: mappings gone.
            written: { target: '#page.swapped.stored' },
          },
        },
      },
    },
    swapped: {
      initial: 'stored',
      states: {
        stored: {
          on: {
            export: { target: '#page.listed' },
            demand: { target: 'loading' },
          },
        },
        // do_swap_page at the source: the entry is dead, the bytes are on their way back.
        loading: {
          on: {
            arrive: { target: '#page.resident' },
            fail: { target: '#page.poisoned' },
            // swap_cluster_readahead left an unmapped copy on the source node.
            readAhead: { target: 'cached' },
          },
        },
        cached: {
          on: {
            // do_swap_page finds the swap cache: only the mapping is missing.
            demand: { target: 'loading' },
            // Reclaim drops the copy, which is clean (__remove_mapping).
            trim: { target: 'stored' },
            // By option a request moves the copy straight to its destination (result CACHED).
            migrate: { target: '#page.remapped.migrating' },
          },
        },
      },
    },
    listed: {
      initial: 'exported',
      states: {
        exported: {
          on: {
            detect: { target: 'held' },
            demand: { target: '#page.swapped.loading' },
            map: { target: '#page.remapped' },
            migrate: { target: '#page.remapped.migrating' },
          },
        },
        // Claim 12: from the guest's detection until its request nothing may bring the page back to the source.
        held: {
          on: {
            cancel: { target: 'exported' },
            // A demand fault in the hold, by policy: an implicit request to stay; the hold ends.
            convert: { target: '#page.swapped.loading' },
            map: { target: '#page.remapped' },
            migrate: { target: '#page.remapped.migrating' },
          },
        },
      },
    },
    remapped: {
      initial: 'mapped',
      states: {
        // move_swap_pte: the entry is at the destination Gfn, the bytes are where they were. The page is on the list under
        // its new name, so that it can be balanced again before it was ever touched.
        mapped: {
          on: {
            detect: { target: 'held' },
            demand: { target: 'migrating' },
            map: { target: 'mapped' },
            migrate: { target: 'migrating' },
          },
        },
        held: {
          on: {
            cancel: { target: 'mapped' },
            convert: { target: 'migrating' },
            map: { target: 'mapped' },
            migrate: { target: 'migrating' },
          },
        },
        // The same and do_swap_page at the destination.
        migrating: { on: { arrive: { target: '#page.resident' }, fail: { target: '#page.poisoned' } } },
      },
    },
    // Declared to the guest (hwpoison), never wrong bytes.
    poisoned: {},
    dead: { on: { free: undefined } },
  },
});
