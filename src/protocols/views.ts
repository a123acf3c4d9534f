// What `plan()` can be asked: every kind of place, and what the host may know. Whoever looks at all plans of a protocol asks
// for each of these.
import type { HostView, PageView } from './protocol.ts';

/** The usual case first. */
export const pageViews: readonly PageView[] = (['slot', 'far frame', 'frame', 'nowhere'] as const).map(
  (at) => ({ at }),
);
/** Room is a number; a few stand for all. */
export const hostViews: readonly HostView[] = [4, 1, 0].flatMap((destinationRoom) =>
  [false, true].map((destinationBacked) => ({ destinationBacked, destinationRoom })),
);
export const keyedViews: readonly HostView[] = hostViews.map((view) => ({ ...view, keysNamePages: true }));
/** More room than small worlds have: what a protocol does there no small world shows. */
export const roomyViews: readonly HostView[] = [false, true].map((destinationBacked) => ({
  destinationBacked,
  destinationRoom: 2 ** 20,
}));
