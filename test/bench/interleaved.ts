// Measures things in turn, A B A B, so that whatever else the machine does falls on all of them; medians are what is told.

export type Side = () => number | Promise<number>;

/** Samples of each side, round by round; a first round, which warms up, is not kept. */
export async function interleaved<Name extends string>(
  rounds: number,
  sides: Readonly<Record<Name, Side>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(sides) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const sample = await sides[name]();
      if (round > 0) samples[name].push(sample);
    }
  return samples;
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Two sides held against each other: medians of each, and of the ratio of each round. */
export function against(
  measured: readonly number[],
  limit: readonly number[],
): { measured: number; limit: number; ratio: number } {
  return {
    measured: median(measured),
    limit: median(limit),
    ratio: median(measured.map((sample, round) => sample / limit[round]!)),
  };
}

/**
 * Starts to measure what this thread does, by its own CPU time: others may want the machine too.
 * @returns seconds since then
 */
export function stopwatch(): () => number {
  const began = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(began);
    return (user + system) / 1e6;
  };
}
