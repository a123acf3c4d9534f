// Scripts in words drawn at random: what each vCPU does is a mix of accesses, moves and the commands asked for.
import type { WorldSpec } from '../model/spec.ts';
import { Prng } from '../stdx/prng.ts';

/** How often each operation comes, by weight; `P` stands for a page, `V` for a vNode, `N` for a number below 16. */
export type Mix = Readonly<Record<string, number>>;

export const ACCESSES: Mix = { 'read P': 4, 'write P': 6, 'move P to V': 3, 'pageout P': 3 };

/** One list for each vCPU of each guest. @param mixes by guest; the last is that of the guests that follow */
export function randomScripts(
  spec: WorldSpec,
  seed: number,
  mixes: Mix | readonly Mix[],
  { operations = 60 } = {},
): string[][] {
  const byGuest = (Array.isArray(mixes) ? mixes : [mixes]) as readonly Mix[];
  return spec.guests.flatMap((guest, g) => {
    const words = Object.entries(byGuest[Math.min(g, byGuest.length - 1)]!).flatMap(([word, weight]) =>
      Array.from({ length: weight }, () => word),
    );
    return guest.vcpus.map((_, v) => {
      const prng = new Prng().seed(seed, g * 64 + v);
      return Array.from({ length: operations }, () =>
        words[prng.below(words.length)]!.replaceAll(/\b[PVN]\b/g, (letter) =>
          String(prng.below(letter === 'P' ? guest.pages : letter === 'V' ? guest.vnodes.length : 16)),
        ),
      );
    });
  });
}
