// What leads from a state to another, for people and for replay.
import type { System } from '../../actor/system.ts';
import { faultNames } from '../../model/faults.ts';
import { messageKinds } from '../../model/messages.ts';
import type { Item } from './environment.ts';

export interface Choice {
  kind: 'deliver' | 'feed' | 'reclaim' | 'timeout';
  /** deliver: ring, and number of the fault that strikes (-1: none); the latter also of a time-out. */
  ring: number;
  fault: number;
  /** Which of the actor's occasions for a fault that is, counted from 0. */
  occasion: number;
  /** feed: what is put into whose script; null: it ends. */
  vcpu: number;
  item: Item | null;
  /** reclaim: of which Gfn. */
  gfn: number;
  /** timeout: of which actor, and what it is to say again. */
  actor: number;
  thing: number;
  /** In words. */
  text: string;
}

/** A choice as far as it says anything. */
export type Chosen = Partial<Choice> & Pick<Choice, 'kind' | 'text'>;

const NONE = { ring: -1, fault: -1, occasion: -1, vcpu: -1, item: null, gfn: -1, actor: -1, thing: -1 };

export function choiceOf(chosen: Chosen): Choice {
  return { ...NONE, ...chosen };
}
/** @param fault that strikes, or -1; at which occasion */
export function deliveryOf(
  { geometry, mailboxes }: System,
  ring: number,
  kind: number,
  id: number,
  fault: number,
  occasion: number,
): Choice {
  const { sender, receiver } = mailboxes.links[ring]!;
  const text = `${geometry.nameOf(receiver)} takes ${messageKinds[kind]} ${id} from ${geometry.nameOf(sender)}`;
  return choiceOf({ kind: 'deliver', ring, fault, occasion, text: text + struckBy(fault) });
}
/** ... of a step, behind what it is. */
export function struckBy(fault: number): string {
  return fault < 0 ? '' : `; ${faultNames[fault]}`;
}
