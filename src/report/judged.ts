// The monitors and the counts of one run, and what they say when it has ended: the same for a simulated run and for one
// that was recorded on threads.
import type { System } from '../actor/system.ts';
import type { Parts } from '../actors/index.ts';
import type { Geometry } from '../model/geometry.ts';
import { monitors, type Property } from '../properties/index.ts';
import type { Observing } from '../runtime/trace.ts';
import { AssertionError } from '../stdx/assert.ts';
import { RunningHash } from '../stdx/hash.ts';
import { Metrics } from './metrics.ts';
import type { Check, Run } from './result.ts';

export class Judged {
  private readonly parts: Parts;
  private readonly properties: Property[];
  private readonly metrics: Metrics;

  constructor(geometry: Geometry, parts: Parts, totalOrder: boolean) {
    this.parts = parts;
    this.properties = monitors({ geometry, page: parts.tables.page, totalOrder });
    this.metrics = new Metrics(geometry, parts.costs);
  }
  /** Words that guests have read and written so far: what tells a run that goes on from one that goes in circles. */
  get accesses(): number {
    return this.metrics.accesses;
  }
  get observing(): Observing[] {
    return [...this.properties, this.metrics];
  }

  private isClaimed(property: Property): boolean {
    return (this.parts.protocol.claims as readonly string[]).includes(property.name);
  }
  /**
   * A run that broke a property may go on to break what the program itself relies on: then it is cut off there, and what
   * was seen until then counts. Without a broken property that is a bug of ours.
   */
  afterBreaking(error: unknown): 'stopped' {
    const broke = this.properties.some((property) => property.violation !== null && this.isClaimed(property));
    if (error instanceof AssertionError && broke) return 'stopped';
    throw error;
  }

  report(
    system: System,
    seed: number,
    ending: 'at rest' | 'step limit' | 'stopped',
    facts: Pick<Run, 'traceHash' | 'events' | 'wallMs'>,
  ): { run: Run; checks: Check[] } {
    const { protocol } = this.parts;
    const claimed = (property: Property) => this.isClaimed(property);
    if (ending === 'at rest') for (const property of this.properties) property.atRest();
    const unanswered = this.properties.find((property) => property.name === 'answered');
    const stuck = ending === 'at rest' && unanswered?.violation != null;
    const violations = this.properties.flatMap((property) =>
      property.violation && claimed(property) ? [property.violation] : [],
    );
    return {
      run: {
        protocol: protocol.name,
        seed,
        ending: stuck ? 'stuck' : ending,
        ...facts,
        ...this.metrics.result(),
        memoryHash: memoryHash(system),
        violations,
      },
      checks: this.properties
        .filter((property) => property.kind === 'sometimes' || claimed(property))
        .filter(({ ofOption, examined }) => !ofOption || examined > 0)
        .map(({ name, kind, violation, examined }) => ({
          name,
          kind,
          pass: kind === 'sometimes' ? examined > 0 : violation === null,
          examined,
        })),
    };
  }
}

/** Guest memory at rest, page by page: a page never written and one never touched are both zero. */
function memoryHash(system: System): string {
  const hash = new RunningHash();
  for (let gvpn = 0; gvpn < system.geometry.gvpns; gvpn++) {
    const words = system.contentOf(gvpn);
    if (words) hashPage(hash, gvpn, words);
  }
  return hash.digest();
}

function hashPage(hash: RunningHash, gvpn: number, words: Int32Array): void {
  let any = 0;
  for (let i = 0; i < words.length; i++) any |= words[i]!;
  if (any === 0) return;
  hash.int(gvpn);
  hash.words(words);
}

/** Checks of several runs together: an *always* must hold in all of them, a *sometimes* in one. */
export function together(all: readonly (readonly Check[])[]): Check[] {
  const merged = new Map<string, Check>();
  for (const check of all.flat()) {
    const before = merged.get(check.name);
    if (!before) merged.set(check.name, { ...check });
    else {
      before.examined += check.examined;
      before.pass = check.kind === 'always' ? before.pass && check.pass : before.pass || check.pass;
    }
  }
  return [...merged.values()];
}
