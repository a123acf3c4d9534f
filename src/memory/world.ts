// The world: everything that actors share, laid out over one buffer. Each actor adds columns of its own after these.
import type { FrameTable, PageTable, RequestTable, VcpuTable } from '../../machines/index.ts';
import { restarts } from '../model/faults.ts';
import type { Geometry } from '../model/geometry.ts';
import { isCopied, type ListPolicy, listPolicyOf } from '../model/list-policy.ts';
import type { Arena } from './arena.ts';
import { PageCipher } from './encryption.ts';
import { Ept } from './ept.ts';
import { GuestPageTable } from './guest-page-table.ts';
import { Locations } from './locations.ts';
import { Mailboxes, type Link } from './mailbox.ts';
import { Meter } from './meter.ts';
import { listOf, type MovedList } from './lists/index.ts';
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
  readonly listPolicy: ListPolicy;
  /** One for each guest, or one for all: see `listNumber`. */
  readonly lists: MovedList[];
  /** Copies on their way to vCPUs. */
  readonly parcels: Int32Array[];
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
    arena.owner = 'page words';
    this.pages = new PageWords(arena, geometry.gfns, tables.page, meter);
    arena.owner = 'EPT';
    this.ept = new Ept(arena, geometry.gfns, meter);
    arena.owner = 'guest page table';
    this.gpt = new GuestPageTable(arena, geometry.gvpns, geometry.guests, meter);
    arena.owner = 'list';
    this.listPolicy = listPolicyOf(spec);
    const { format, access, per } = this.listPolicy;
    const guests = spec.guests.map((_, guest) => ({
      first: geometry.guestGfn[guest]!,
      end: geometry.guestGfn[guest + 1]!,
    }));
    this.lists = (per === 'host' ? [guests] : guests.map((guest) => [guest])).map((tenants) =>
      listOf(format, arena, {
        tenants,
        capacity: spec.listCapacity,
        versioned: isCopied(this.listPolicy),
        meter: access === 'copy' ? null : meter,
      }),
    );
    arena.owner = 'parcels';
    this.parcels =
      access === 'copy'
        ? geometry.vcpuGuest.map((guest) =>
            arena.int32(this.lists[this.listNumber(geometry.guestGfn[guest]!)]!.length),
          )
        : [];
    this.tlbs = geometry.vcpuGuest.map((_, vcpu) => {
      arena.owner = `vcpu${vcpu}`;
      return new Tlb(arena, spec.tlbEntries);
    });
    arena.owner = 'records';
    this.hypercalls = new Hypercalls(arena, geometry.vcpus * spec.batch);
    this.requests = new Requests(arena, geometry.vcpus * spec.batch, tables.request);
    this.faults = new Faults(arena, geometry.vcpus);
    this.commands = new Commands(arena, 2 * geometry.vcpus);
    this.operations = new Operations(arena, operations);
    const part = restarts(spec.faults) || spec.restarts === true ? 1 : 0;
    const { gfns } = geometry;
    this.recovery = new Recovery(arena, part * gfns, part * geometry.vcpus * spec.batch, part * operations);
    this.scripts = new Scripts(arena, geometry.vcpus, spec.chunk);
    arena.owner = 'locations';
    this.locations = new Locations(
      arena,
      geometry.frames + geometry.slots,
      spec.pageWords,
      tables.frame,
      meter,
    );
    this.transfer = new Transfer(this.locations, meter, new PageCipher(geometry));
    arena.owner = 'mailboxes';
    this.mailboxes = new Mailboxes(arena, links, geometry.actors);
  }

  /** The list that a Gfn is on if it is on one. */
  listNumber(gfn: number): number {
    return this.listPolicy.per === 'host' ? 0 : this.geometry.guestOf(gfn);
  }

  /** Once, before the first step: what does not begin as zero. */
  reset(): void {
    for (const tlb of this.tlbs) tlb.reset();
    this.locations.reset();
  }
}
