// What must have happened somewhere in a campaign over clusters, beside what must always hold.
import { linkFault, packetKind } from '../../model/cluster.ts';
import { cause, result } from '../../model/words.ts';
import type { Observers, Property } from '../property.ts';
import { Witness } from '../sometimes.ts';

/** A migration under way, as of the last event. */
class Progress {
  from = -1;
  last = false;
  readonly mapped = new Set<number>();
  readonly on: Observers = {
    migrating: (e) => {
      this.from = e.from;
      this.last = false;
      this.mapped.clear();
    },
    round: (e) => {
      this.last = e.cause === 1;
    },
    described: (e) => {
      if (e.to === packetKind.mapping) this.mapped.add(e.gfn);
      else this.mapped.delete(e.gfn);
    },
    migrated: () => {
      this.from = -1;
    },
  };
}

const fault = (which: number) => (saw: () => void) => ({
  linkFault: (e: { cause: number }) => {
    if (e.cause === which) saw();
  },
});
/** With a picture of the migration under way. */
const during = (observe: (saw: () => void, at: Progress) => Observers) => (saw: () => void) => {
  const at = new Progress();
  const own = observe(saw, at);
  const on: Observers = { ...at.on };
  for (const [kind, observer] of Object.entries(own) as [keyof Observers, Observers['read']][]) {
    const first = at.on[kind];
    // What is asked about is what was true before the event.
    on[kind] = (e) => {
      observer?.(e);
      first?.(e);
    };
  }
  return on;
};

const all = {
  'a packet was lost': fault(linkFault.loss),
  'a packet came twice': fault(linkFault.duplication),
  'a packet was overtaken': fault(linkFault.reordering),
  'a packet was late': fault(linkFault.delay),
  'the hosts were cut off from each other': fault(linkFault.partition),
  'a packet was sent again': (saw) => ({
    transmitted: (e) => {
      if (e.generation === 1) saw();
    },
  }),
  'a migration was completed': (saw) => ({
    migrated: (e) => {
      if (e.result === result.OK) saw();
    },
  }),
  'a migration was given up while the guest ran': during((saw, at) => ({
    migrated: (e) => {
      if (e.result !== result.OK && !at.last) saw();
    },
  })),
  'a migration was given up with the guest stopped': during((saw, at) => ({
    migrated: (e) => {
      if (e.result !== result.OK && at.last) saw();
    },
  })),
  'both hosts claimed the guest and one got it': (saw) => ({
    claimed: (e) => {
      if (e.result !== result.OK) saw();
    },
  }),
  'a slot was handed over': (saw) => {
    const told = new Set<number>();
    return {
      adopted: (e) => {
        if (e.to === packetKind.mapping) told.add(e.from);
      },
      dataIn: (e) => {
        if (told.delete(e.from)) saw();
      },
    };
  },
  'a page was written after it was sent': (saw) => {
    let pages = 0;
    return {
      migrating: () => {
        pages = 1;
      },
      round: (e) => {
        if (pages > 0 && e.generation > 0 && e.result > 0) saw();
      },
      migrated: () => {
        pages = 0;
      },
    };
  },
  'a page left its slot after it was mapped': during((saw, at) => ({
    dataIn: (e) => {
      if (at.from >= 0 && (e.cause === cause.demand || e.cause === cause.request) && at.mapped.has(e.gfn))
        saw();
    },
  })),
  'a page was moved out while the guest was': during((saw, at) => ({
    dataIn: (e) => {
      if (at.from >= 0 && e.cause === cause.none && e.id === at.from) saw();
    },
  })),
  'a page was balanced while the guest was moved': during((saw, at) => ({
    accepted: () => {
      if (at.from >= 0) saw();
    },
  })),
  'a page that was handed over was balanced where it came to': (saw) => {
    const told = new Set<number>();
    return {
      adopted: (e) => {
        if (e.to === packetKind.mapping) told.add(e.gfn);
      },
      accepted: (e) => {
        if (told.delete(e.gfn)) saw();
      },
    };
  },
  'an entry of another host was refused': (saw) => {
    const listedBy = new Map<number, number>();
    let host = 0;
    return {
      guestStarted: (e) => {
        host = e.id;
      },
      requested: (e) => void listedBy.set(e.id, e.from),
      answered: (e) => {
        if (e.result === result.STALE && listedBy.get(e.id) !== host) saw();
      },
    };
  },
  'an update of the list came too late': (saw) => ({
    listUpdated: (e) => {
      if (e.result === 0) saw();
    },
  }),
} satisfies Record<string, (saw: () => void) => Observers>;

export type ClusterWitness = keyof typeof all;
export const clusterWitnesses = Object.keys(all) as ClusterWitness[];

export function clusterWitnessMonitors(): Property[] {
  return clusterWitnesses.map((name) => new Witness(name, all[name]));
}
