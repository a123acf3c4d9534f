// Claim 2: the entry moves to the destination Gfn, the bytes stay where they are. The next touch brings them straight
// to the destination node; a page that is never touched is never moved. It is listed anew under its new name.
import { listed } from './host-plans.ts';
import { type Plan, properties, type Protocol } from './protocol.ts';

const MAPPED: Plan = ['accept', 'unmap', 'remap', 'retire', 'export'];
const MAPPED_BACKED: Plan = ['accept', 'vacate', 'unmap', 'remap', 'retire', 'export'];
const REKEYED: Plan = ['accept', 'unmap', 'remap', 'rekey', 'retire', 'export'];
const REKEYED_BACKED: Plan = ['accept', 'vacate', 'unmap', 'remap', 'rekey', 'retire', 'export'];

export default {
  name: 'copyless-map',
  sentence: 'only the mapping moves; the next touch brings the page to the destination',
  guestAsks: 'map',
  claims: properties,
  ...listed,
  plan: (_request, { at }, { destinationBacked, keysNamePages }) => {
    // Sealed under the source's name, the slot must be read and written after all.
    const named = keysNamePages && at === 'slot';
    if (destinationBacked) return named ? REKEYED_BACKED : MAPPED_BACKED;
    return named ? REKEYED : MAPPED;
  },
} satisfies Protocol;
