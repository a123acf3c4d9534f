// I2 keeps the counts of words in one of three ways, by how many pages there are. All three judge alike.
import { expect, test } from 'vitest';
import { pageTable } from '../../machines/index.ts';
import { event, type EventKind, type TraceEvent } from '../../src/model/events.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { ReadLastWrite } from '../../src/properties/read-last-write.ts';
import { smallWorld } from '../support/small-world.ts';

const PAGE = 5;
const nothing = { actor: 0, time: 0, id: 0, generation: 0, from: 0, to: 0, cause: 0 };

function judged(pages: number, pageWords: number) {
  const spec = smallWorld({ vcpus: 1, pages, frames: 4, slots: pages, listCapacity: 4, pageWords });
  const property = new ReadLastWrite({ geometry: new Geometry(spec), page: pageTable, totalOrder: true });
  let sequence = 0;
  const tell = (kind: EventKind, gfn: number, destination: number, result: number) => {
    const told: TraceEvent = {
      ...nothing,
      kind: event[kind],
      gfn,
      destination,
      result,
      sequence: sequence++,
    };
    property.on[kind]!(told);
  };
  return { property, tell };
}

const worlds = [
  { pages: 8, pageWords: 1 },
  { pages: 300, pageWords: 1 },
  { pages: 300, pageWords: 1024 },
  { pages: (1 << 20) + 1, pageWords: 1 },
  { pages: 5000, pageWords: 1024 },
];

test.each(worlds)('$pages pages of $pageWords words: counts go on, page by page', ({ pages, pageWords }) => {
  const { property, tell } = judged(pages, pageWords);
  const last = pageWords - 1;
  tell('read', PAGE, last, 0);
  tell('wrote', PAGE, last, 1);
  tell('wrote', PAGE, last, 2);
  tell('read', PAGE, last, 2);
  tell('read', PAGE + 1, 0, 0);
  tell('wrote', PAGE + 1, 0, 1);
  tell('freed', PAGE, 0, 0);
  tell('read', PAGE, last, 0);
  tell('read', PAGE + 1, 0, 1);
  expect(property.violation).toBeNull();
  expect(property.examined).toBe(8);
});

test.each(worlds)('$pages pages of $pageWords words: a lost write is seen', ({ pages, pageWords }) => {
  const read = judged(pages, pageWords);
  read.tell('wrote', PAGE, 0, 1);
  read.tell('read', PAGE, 0, 0);
  expect(read.property.violation).toEqual({
    property: 'I2-read-last-write',
    message: `vcpu0, Gvpn ${PAGE} word 0: read write number 0, expected 1`,
    sequence: 1,
  });
  const wrote = judged(pages, pageWords);
  wrote.tell('wrote', PAGE, 0, 1);
  wrote.tell('wrote', PAGE, 0, 1);
  expect(wrote.property.violation?.message).toBe(
    `vcpu0, Gvpn ${PAGE} word 0: write number 2 became number 1`,
  );
});
