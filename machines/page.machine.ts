// The life of a page: what the host knows of one guest page frame (Gfn). Top level: resident, swapped, listed, remapped;
// these four names are what people verify against. Kernel anchors stand beside each transition (Linux 6.x, mm/).
//
// A page keeps its state when its entry moves to another Gfn: the host carries the word along. The generation, which
// counts a Gfn's moves, is data beside the state and lies in the same word (src/memory/page-words.ts).
//
// Each state is tagged with the place of the page's content, which is what the invariants (page-invariants.ts) go by: a machine
// of one's own, with states of other names, is verified against the same ones when its states are tagged so.
import { setup } from 'xstate';

/** Where the content is. A page has one of these in every state; *its node* is the node that its Gfn is pinned to now. */
export const pagePlaces = [
  // In a frame of its node, mapped or mappable.
  'home',
  // At the new source location, under the Gfn that it left.
  'away',
  // On its way from there to its node: what must not happen while the guest holds it.
  'to source',
  // Away, and an unmapped clean copy in a frame of its node.
  'cached',
  // At the new source location, under its destination's Gfn.
  'remapped',
  // On its way from there to the destination node.
  'to destination',
  // Lost, and the guest told so.
  'poisoned',
  // Nobody's any more.
  'dead',
] as const;
export type PagePlace = (typeof pagePlaces)[number];
/** What may be said beside it: the guest finds it on the list; the guest holds it (claim 12); it is being written out. */
export type PageTag = PagePlace | 'listed' | 'held' | 'writing';

/** What can happen to a page; a machine of one's own may know more. */
export type PageEventObject =
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
  | { type: 'free' };

/** The machine as plain data, to be spread into one of one's own. */
export const pageConfig = {
  id: 'page',
  initial: 'resident',
  // The guest freed it, its backing was dropped, or the guest exited: free_swap_and_cache.
  on: { free: { target: '.dead' } },
  states: {
    resident: {
      tags: 'home',
      initial: 'present',
      states: {
        // add_to_swap, try_to_unmap, pageout: write-protected and being written out.
        present: { on: { swapOut: { target: 'writeback' } } },
        writeback: {
          tags: 'writing',
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
          tags: 'away',
          on: {
            export: { target: '#page.listed' },
            demand: { target: 'loading' },
          },
        },
        // do_swap_page at the source: the entry is dead, the bytes are on their way back.
        loading: {
          tags: 'to source',
          on: {
            arrive: { target: '#page.resident' },
            fail: { target: '#page.poisoned' },
            // swap_cluster_readahead left an unmapped copy on the source node.
            readAhead: { target: 'cached' },
          },
        },
        cached: {
          tags: 'cached',
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
      tags: ['away', 'listed'],
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
          tags: 'held',
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
          tags: ['remapped', 'listed'],
          on: {
            detect: { target: 'held' },
            demand: { target: 'migrating' },
            map: { target: 'mapped' },
            migrate: { target: 'migrating' },
          },
        },
        held: {
          tags: ['remapped', 'listed', 'held'],
          on: {
            cancel: { target: 'mapped' },
            convert: { target: 'migrating' },
            map: { target: 'mapped' },
            migrate: { target: 'migrating' },
          },
        },
        // The same and do_swap_page at the destination.
        migrating: {
          tags: 'to destination',
          on: { arrive: { target: '#page.resident' }, fail: { target: '#page.poisoned' } },
        },
      },
    },
    // Declared to the guest (hwpoison), never wrong bytes.
    poisoned: { tags: 'poisoned' },
    dead: { tags: 'dead', on: { free: undefined } },
  },
} as const;

export const pageMachine = setup({
  types: { tags: {} as PageTag, events: {} as PageEventObject },
}).createMachine(pageConfig);
