// All properties of one run of a cluster.
import type { ClusterGeometry } from '../../model/cluster.ts';
import type { Property } from '../property.ts';
import { clusterWitnessMonitors } from './cluster-witnesses.ts';
import { EverythingEnds } from './everything-ends.ts';
import { Handover } from './handover.ts';
import { ListAdvice } from './list-advice.ts';
import { NoLostPage } from './no-lost-page.ts';
import { NoReadBack } from './no-read-back.ts';
import { OneOwner } from './one-owner.ts';
import { Room } from './room.ts';
import { SlotOwner } from './slot-owner.ts';
import { WrittenContent } from './written-content.ts';

export { clusterWitnesses, type ClusterWitness } from './cluster-witnesses.ts';

/** @param copyless the mode claims to read nothing back only to send it */
export function clusterMonitors(geometry: ClusterGeometry, copyless: boolean): Property[] {
  return [
    new OneOwner(geometry),
    new SlotOwner(geometry),
    new WrittenContent(geometry),
    new NoLostPage(geometry),
    new Handover(),
    ...(copyless ? [new NoReadBack(geometry)] : []),
    new Room(geometry),
    new ListAdvice(geometry),
    new EverythingEnds(geometry),
    ...clusterWitnessMonitors(),
  ];
}
