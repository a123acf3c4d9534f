// The formats of the moved list by name.
import type { ListPolicy } from '../../model/list-policy.ts';
import type { Arena } from '../arena.ts';
import { BitmapList } from './bitmap-list.ts';
import type { Layout, MovedList } from './moved-list.ts';
import { RingList } from './ring-list.ts';
import { SnapshotList } from './snapshot-list.ts';
import { TableList } from './table-list.ts';

export type { Announce, MovedList } from './moved-list.ts';
export { PENDING, type Reader } from './reader.ts';
export { RingReader } from './ring-list.ts';
export { type Tenant, VERSION, Words } from './words.ts';

export function listOf(format: ListPolicy['format'], arena: Arena, layout: Layout): MovedList {
  switch (format) {
    case 'table':
      return new TableList(arena, layout);
    case 'bitmap':
      return new BitmapList(arena, layout);
    case 'ring':
      return new RingList(arena, layout);
    case 'snapshot':
      return new SnapshotList(arena, layout);
  }
}
