// The monitors and the counts of one run, and what they say when it has ended: the same for a simulated run and for one
// that was recorded on threads.
import type { System } from '../actor/system.ts';
import type { Parts } from '../actors/index.ts';
import type { Geometry } from '../model/geometry.ts';
import { AT_REST, monitors, type Property, type Violation } from '../properties/index.ts';
import type { Observing } from '../runtime/trace.ts';
import { AssertionError } from '../stdx/assert.ts';
import { RunningHash } from '../stdx/hash.ts';
import { Metrics } from './metrics.ts';
import type { Check, Run } from './result.ts';
import { Room } from './room.ts';

export class Judged {
  private readonly parts: Parts;
  private readonly properties: Property[];
  private readonly metrics: Metrics;
  private readonly room: Room;

  constructor(geometry: Geometry, parts: Parts, totalOrder: boolean) {
    this.parts = parts;
    this.properties = monitors({ geometry, page: parts.tables.page, totalOrder });
    this.metrics = new Metrics(geometry, parts.costs);
    this.room = new Room(geometry);
  }
  /** Words that guests have read and written so far: what tells a run that goes on from one that goes in circles. */
  get accesses(): number {
    return this.metrics.accesses;
  }
  get observing(): Observing[] {
    return [...this.properties, this.metrics, this.room];
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
    const ended = ending === 'at rest' ? this.rest() : ending;
    // That nothing ends any more is then the setting's fault and not the protocol's.
    const isExcused = ({ name, violation }: Property) =>
      ended === 'out of memory' && name === 'answered' && violation?.sequence === AT_REST;
    // In the order in which they were seen, at rest last: what came first is most likely the cause of the others.
    const placeOf = ({ sequence }: Violation) => (sequence === AT_REST ? Number.MAX_SAFE_INTEGER : sequence);
    const violations = this.properties
      .flatMap((property) =>
        property.violation && claimed(property) && !isExcused(property) ? [property.violation] : [],
      )
      .toSorted((a, b) => placeOf(a) - placeOf(b));
    const measured = this.metrics.result();
    // Only a vCPU that has halted has a time of its own that counts.
    if (ended !== 'at rest')
      measured.virtualNs = Math.round(Math.max(...system.contexts.map(({ now }) => now)));
    return {
      run: {
        protocol: protocol.name,
        seed,
        ending: ended,
        ...facts,
        ...measured,
        memoryHash: memoryHash(system),
        violations,
      },
      checks: this.properties
        .filter((property) => property.kind === 'sometimes' || claimed(property))
        .filter(({ ofOption, examined }) => !ofOption || examined > 0)
        .map((property) => ({
          name: property.name,
          kind: property.kind,
          pass:
            property.kind === 'sometimes'
              ? property.examined > 0
              : property.violation === null || isExcused(property),
          examined: property.examined,
        })),
    };
  }

  /** Nothing is left to do: because all is done, or because nothing can go on. */
  private rest(): Run['ending'] {
    const broke = (name: string) =>
      this.properties.find((property) => property.name === name)?.violation ?? null;
    if (broke('answered') === null) return 'at rest';
    // What leaked is no page's: memory that is full of that ran out for another reason.
    return this.room.isExhausted && broke('I5-conservation') === null ? 'out of memory' : 'stuck';
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
