// A world put together by hand from nothing but what `copyless` and its two sub-paths export, as a user's own test would.
import { expect, test } from 'vitest';
import { pageTable } from '../../machines/index.ts';
import { protocols } from '../../src/index.ts';
import {
  anyCosts,
  create,
  Geometry,
  measure,
  monitors,
  partsOf,
  RandomScheduler,
  scriptWorkload,
  shapeOf,
  Simulation,
  smallWorld,
  Trace,
} from '../../src/testing.ts';

test('a page that is moved out and balanced, in a random order, under monitors of the caller', () => {
  const spec = smallWorld({ pages: 1 });
  const script = [
    ['write 0', 'pageout 0', 'handover 1'],
    ['await', 'move 0 to 1', 'read 0'],
  ];
  for (const protocol of protocols) {
    const parts = partsOf({ spec, costs: anyCosts }, protocol);
    const watching = monitors({ geometry: new Geometry(spec), page: pageTable, totalOrder: true });
    const system = create(new ArrayBuffer(measure(parts)), parts, new Trace(watching));
    const simulation = new Simulation(system, new RandomScheduler(system.mailboxes, 1));
    const source = scriptWorkload(script, shapeOf(spec)).open(1, 0);
    expect(simulation.runSync([source], 10_000)).toBe('at rest');
    for (const monitor of watching) monitor.atRest();
    const broken = watching.flatMap(({ violation }) => (violation ? [violation.property] : []));
    expect(broken).toEqual(protocol.name === 'conventional' ? ['no-copy-back'] : []);
  }
});
