// What makes looked-up steps sound: a step that reads more than its own words, its message, the records in its custody and one
// shared word does something else in the second run, elsewhere, and the search says so instead of going on.
import { expect, test } from 'vitest';
import type { Built, Parts } from '../../src/actors/index.ts';
import { override } from '../../src/flaws/flaw.ts';
import { message } from '../../src/model/messages.ts';
import { present } from '../../src/stdx/assert.ts';
import { type Protocol, protocols } from '../../src/protocols/index.ts';
import { WorldCheck } from '../../src/report/check/check-world.ts';
import { anyCosts, checkedWorld } from '../../src/scenarios/checked-world.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import type { Small } from '../../src/scenarios/small-world.ts';

const protocol = present(
  protocols.find(({ name }) => name === 'copyless-migrate'),
  'the protocol',
);
/** 1 page, 2 nodes, 1 vCPU with 2 operations, one of them may be a move; 1 reclaim. */
function search(given: Small = {}, alter?: Parts['alter'], by = protocol) {
  const spec = checkedWorld({ pages: 1, nodes: 2, vcpus: 1, guests: 1 }, given);
  const parts = { ...partsOf({ spec, costs: anyCosts, flaws: [] }, by), alter };
  return new WorldCheck(parts, { operations: 2, moves: 1, reclaims: 1, faults: 0 }).run();
}

test('as they are, steps read what they may: the search is complete', () => {
  expect(search()).toMatchObject({ complete: true, pass: true, live: true });
});

test('a store that looks at how a vCPU is doing before it answers is found out', () => {
  const nosy = ({ stores, vcpus }: Built) => {
    for (const store of stores)
      override(store, 'receive', (receive) => (incoming, context) => {
        receive(incoming, context);
        if (incoming.kind === message.load && vcpus[0]!.own[0] === 0) context.trace.tlbFlush(0, 0);
      });
  };
  const { violation } = search({}, nosy);
  expect(violation).toMatchObject({
    property: 'own-words',
    message: 'nvme0 read what is not its own when it took load',
  });
});

test('a vCPU that remembers outside the words that a search puts back is found out', () => {
  const forgetful = ({ vcpus: [vcpu] }: Built) => {
    let heard = 0;
    override(present(vcpu, 'vCPU'), 'receive', (receive) => (incoming, context) => {
      heard++;
      if (heard % 3 === 0) context.trace.tlbFlush(0, 0);
      receive(incoming, context);
    });
  };
  expect(search({}, forgetful).violation).toMatchObject({ property: 'own-words' });
});

test('a plan that is no pure function is found out, and named as what it may be', () => {
  let asked = 0;
  const plan: Protocol['plan'] = (...given) => (asked++ % 3 === 2 ? 'NOMEM' : protocol.plan(...given));
  const { violation } = search({}, undefined, { ...protocol, plan });
  expect(violation?.property).toBe('own-words');
  expect(violation?.message).toMatch(
    /^host read .* took request, or a plan that it asked for is no pure function$/,
  );
});

test('a host that cannot take what reclaim wants is found out, though nothing comes of it', () => {
  const unable = ({ host }: Built) =>
    override(host, 'receive', (receive) => (incoming, context) => {
      if (incoming.kind === message.reclaim) throw new Error('no page is taken out');
      receive(incoming, context);
    });
  expect(search({}, unable).violation).toMatchObject({
    property: 'assertion',
    message: 'no page is taken out',
  });
});

test.each([
  { access: 'copy' },
  { access: 'copy', owner: 'host' },
  { inspect: 'on notify' },
  { inspect: 'on notify', owner: 'host' },
] as const)('a list that is sent or announced can be searched: %o', (list) => {
  expect(search({ list })).toMatchObject({ complete: true, pass: true, live: true });
});

test.each(['bitmap', 'ring', 'snapshot'] as const)(
  'a list that is read where it lies can be searched: %s',
  (format) => {
    expect(search({ list: { format } })).toMatchObject({ complete: true, pass: true, live: true });
  },
);
