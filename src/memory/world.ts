// The world: everything that actors share, laid out over one buffer. Each actor adds columns of its own after these.
import type { FrameTable, PageTable, RequestTable, VcpuTable } from '../../machines/index.ts';
import { restarts } from '../model/faults.ts';
import type { Geometry } from '../model/geometry.ts';
import type { Arena } from './arena.ts';
import { PageCipher } from './encryption.ts';
import { Ept } from './ept.ts';
import { GuestPageTable } from './guest-page-table.ts';
import { Locations } from './locations.ts';
import { Mailboxes, type Link } from './mailbox.ts';
import { Meter } from './meter.ts';
import { MovedList } from './moved-list.ts';
import { PageWords } from './page-words.ts';
import { Commands, Faults, Hypercalls, Operations, Recovery, Requests, Scripts } from './records.ts';
import { Tlb } from './tlb.ts';
import { Transfer } from './transfer.ts';

/** The compiled machines, as data. */
export interface Tables {
  page: PageTable;
  request: RequestTable;
  frame: FrameTable;
  vcpu: VcpuTable;
}

export class World {
  readonly geometry: Geometry;
  readonly tables: Tables;
  readonly meter = new Meter();
  readonly pages: PageWords;
  readonly ept: Ept;
  readonly gpt: GuestPageTable;
  readonly lists: MovedList[];
  readonly tlbs: Tlb[];
  readonly hypercalls: Hypercalls;
  readonly requests: Requests;
  readonly faults: Faults;
  readonly commands: Commands;
  readonly operations: Operations;
  readonly recovery: Recovery;
  readonly scripts: Scripts;
  readonly locations: Locations;
  readonly transfer: Transfer;
  readonly mailboxes: Mailboxes;

  constructor(arena: Arena, geometry: Geometry, tables: Tables, links: readonly Link[], operations: number) {
    const { spec } = geometry;
    const { meter } = this;
    this.geometry = geometry;
    this.tables = tables;
    this.pages = new PageWords(arena, geometry.gfns, tables.page, meter);
    this.ept = new Ept(arena, geometry.gfns, meter);
    this.gpt = new GuestPageTable(arena, geometry.gvpns, geometry.guests, meter);
    this.lists = spec.guests.map((_, guest) => {
      const first = geometry.guestGfn[guest]!;
      return new MovedList(arena, spec.listCapacity, first, geometry.guestGfn[guest + 1]! - first, meter);
    });
    this.tlbs = geometry.vcpuGuest.map(() => new Tlb(arena, spec.tlbEntries));
    this.hypercalls = new Hypercalls(arena, geometry.vcpus * spec.batch);
    this.requests = new Requests(arena, geometry.vcpus * spec.batch, tables.request);
    this.faults = new Faults(arena, geometry.vcpus);
    this.commands = new Commands(arena, 2 * geometry.vcpus);
    this.operations = new Operations(arena, operations);
    const part = restarts(spec.faults) ? 1 : 0;
    const { gfns } = geometry;
    this.recovery = new Recovery(arena, part * gfns, part * geometry.vcpus * spec.batch, part * operations);
    this.scripts = new Scripts(arena, geometry.vcpus, spec.chunk);
    this.locations = new Locations(
      arena,
      geometry.frames + geometry.slots,
      spec.pageWords,
      tables.frame,
      meter,
    );
    this.transfer = new Transfer(this.locations, meter, new PageCipher(geometry));
    this.mailboxes = new Mailboxes(arena, links, geometry.actors);
  }

  /** Once, before the first step: what does not begin as zero. */
  reset(): void {
    for (const tlb of this.tlbs) tlb.reset();
    this.locations.reset();
  }
}
