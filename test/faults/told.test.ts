// What no broken variant shows quickly, told by hand: events as they would come, and what the monitors make of them.
import { expect, test } from 'vitest';
import { pageTable } from '../../machines/index.ts';
import { deviceFaults, faultNames, numberOf } from '../../src/model/faults.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { Recorder } from '../../src/model/recorder.ts';
import { cause, operationKind } from '../../src/model/words.ts';
import { monitors } from '../../src/properties/index.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { smallWorld } from '../support/small-world.ts';

const { event, state } = pageTable;
const FRAME = 1;
const SLOT = 9;
const OTHER_FRAME = 2;

/** Tells the monitors a story. @returns what each of them said */
function saidOf(story: (record: Recorder) => void): string[] {
  const properties = monitors({ geometry: new Geometry(smallWorld()), page: pageTable, totalOrder: true });
  story(new Recorder(new Trace(properties), 0, new Float64Array(1)));
  return properties.flatMap(({ violation }) =>
    violation ? [`${violation.property}: ${violation.message}`] : [],
  );
}
/** A page of Gfn 0 that was moved out and is being read back, to a frame. */
function movedOut(record: Recorder): void {
  record.reserved(0, FRAME, 0, cause.demand, 0);
  record.zeroed(0, 0, FRAME);
  record.born(0, FRAME);
  record.began(1, operationKind['swap-out'], 0, 0, cause.pressure);
  record.reserved(1, SLOT, 2, cause.pressure, 0);
  record.dataIn(1, 0, 0, FRAME, SLOT, cause.none, 0);
  record.page(0, 0, state['resident.present'], state['resident.writeback'], event.swapOut);
  record.page(0, 0, state['resident.writeback'], state['swapped.stored'], event.written);
  record.entered(1, 0, SLOT, 0);
  record.page(0, 1, state['swapped.stored'], state['swapped.loading'], event.demand);
}
const givenUp = (record: Recorder) => record.page(0, 1, state['swapped.loading'], state.poisoned, event.fail);

test('a page declared lost after three failed reads is held against the run, after four it is not', () => {
  const story = (reads: number) => (record: Recorder) => {
    movedOut(record);
    for (let read = 0; read < reads; read++) record.fault(numberOf('read error'), 2, SLOT);
    givenUp(record);
  };
  expect(saidOf(story(3))).toEqual([expect.stringMatching(/^I1-single-home: Gfn 0 was declared lost/)]);
  expect(saidOf(story(4))).toEqual([]);
});

test('a page declared lost because its bits decayed, or were written over, is not held against the run', () => {
  for (const spoil of [
    (record: Recorder) => {
      record.dataIn(2, 0, 1, SLOT, OTHER_FRAME, cause.demand, 0);
      record.fault(numberOf('bit flip at rest'), 2, SLOT);
    },
    (record: Recorder) => record.fault(numberOf('misdirected write'), 3, SLOT + 1, SLOT),
  ]) {
    const story = (record: Recorder) => {
      movedOut(record);
      record.reserved(2, OTHER_FRAME, 0, cause.demand, 0);
      spoil(record);
      givenUp(record);
    };
    expect(saidOf(story)).toEqual([]);
  }
});

// shows: step 420, race 18, race 23 (restart)
test('a restarted hypervisor that calls its list complete and has left a page out is seen at once', () => {
  const story = (again: boolean) => (record: Recorder) => {
    record.listed(0, 3);
    record.forgot();
    if (again) record.listed(0, 3);
    record.recalled();
  };
  expect(saidOf(story(false))).toEqual([
    expect.stringMatching(/^I6-advisory-list: the list was called complete/),
  ]);
  expect(saidOf(story(true))).toEqual([]);
});

test('device faults come last in the list of classes, so that their numbers follow from their order', () => {
  for (const fault of deviceFaults) expect(faultNames[numberOf(fault)]).toBe(fault);
});
