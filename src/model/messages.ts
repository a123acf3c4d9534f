// The conversations. A message is small: its kind, the number of the record it hands over (a request, an operation, a
// vCPU's fault) and one argument. The record's fields lie in columns of the world; custody of the record passes with
// the message, so that at any time one actor may write it and no two race for it.
import { numbered } from './words.ts';

export const messageKinds = [
  // vCPU to itself: take the next micro-steps.
  'run',
  // vCPU to vCPU (guest kernel): id = sender, argument = Gvpn, or -1 for the whole TLB. Answered by guestFlushed.
  'guestFlush',
  'guestFlushed',
  // vCPU to vCPU: wake me when your migration of Gvpn (argument) has ended. Answered by migrated.
  'awaitMigration',
  'migrated',
  // vCPU to vCPU: the task goes on at yours.
  'handover',
  // vCPU to the feeder: my script's chunk is used up. Answered by fed: the next one is in its column.
  'hungry',
  'fed',
  // vCPU to vCPU: a Gfn (argument >> 1) of your share is free again; bit 0: it is full of poison.
  'freed',
  // vCPU to hypervisor, and on to the host: EPT violation; id = vCPU. Answered by resume (argument = result).
  'fault',
  'resume',
  // vCPU to hypervisor, and on to the host: balance request; id = request, argument = requests in the batch.
  // Answered by answer.
  'request',
  'answer',
  // vCPU to hypervisor, and on to the host: a tick of work was done, the host looks for idle pages. Comes back the same
  // way, so that a vCPU has one outstanding at most.
  'tick',
  // Hypervisor to vCPU: drop translations of Gfn (argument); id = operation. Answered by flushed.
  'flush',
  'flushed',
  // Host to itself: take the next step of an operation (id).
  'turn',
  // Host to hypervisor; id = operation. Each is answered by done.
  'age',
  'protect',
  'unmap',
  'map',
  'restore',
  'shootdown',
  'export',
  'retire',
  // Host to a memory node or store; id = operation, argument = location. Each is answered by done.
  'reserve',
  'load',
  'store',
  'zero',
  'release',
  'done',
  // vCPU to hypervisor, and on to the host: a command; id = vCPU. Answered by commanded (argument = result).
  'command',
  'commanded',
  // Host to hypervisor; id = operation. As map, but read-only. Answered by done.
  'mapClean',
  // To oneself: see whether what was said, id, has been answered, or say it again (serial: of what was said). From the
  // clock, in a search that loses messages: say it again if it is not answered.
  'timeout',
  // Restarted hypervisor to host: tell me all (serial: how often restarted). Answered by recovered: all is in its record.
  'recover',
  'recovered',
  // Restarted hypervisor to itself: the next of the steps in which it gets its memory back (id).
  'rebuild',
  // Host to itself: look at the next page for a hold that is too old; take the next page out of a store that is turned off.
  'look',
  'drain',
  // Host to a store; id = operation: seal what is in its slot under the page's new name. Answered by done.
  'rekey',
  // Host to hypervisor, and on to the vCPU (id): its fault (argument = token) needs I/O, `resume` will follow.
  'notPresent',
  // Between hosts. vCPU to the host it is at: an access, answered by accessed (with answer: a balance request).
  'access',
  'accessed',
  // Host to vCPU: go on from where your state says; stop, answered by stopped.
  'start',
  'stop',
  'stopped',
  // vCPU to host: are all moves made? Answered by settled.
  'settle',
  'settled',
  // Host to link: id = packet. Answered by sent, once nobody reads it any more.
  'transmit',
  'sent',
  // Link to host: id = packet. Answered by consumed.
  'deliver',
  'consumed',
  // An actor to itself: time has passed; id = what for.
  'timer',
  // Host to shared store: id = epoch, argument = new owner. Answered by claimed (argument = result).
  'claim',
  'claimed',
  // The owner of a moved list (hypervisor or host) to itself: make the next store; id = list.
  'publish',
  // The owner to a vCPU, the host through the hypervisor: a part of a copy (id = version, argument = vCPU * parts + part),
  // or word that the list has changed. Answered by listTaken.
  'listPart',
  'listNotice',
  // vCPU to the owner, through the hypervisor: id = vCPU. `listWanted`: send the next version.
  'listTaken',
  'listWanted',
  // From outside to the host: the page of Gfn (id) is wanted out of its frame. A checker's, which may send it at any time.
  'reclaim',
] as const;

export type MessageKind = (typeof messageKinds)[number];
export const message = numbered(messageKinds);

/** One received message. The mailbox hands out the same object again and again: read it, do not keep it. */
export interface Message {
  kind: number;
  sender: number;
  id: number;
  argument: number;
  /** Counts what was said about `id`: whoever hears a serial again hears a repeat. 0 where nothing is ever repeated. */
  serial: number;
  /** Virtual nanoseconds at which it is delivered. */
  time: number;
}
/** One to be received into. Its time is a fraction from the start: the engine would have to change its mind about a whole one. */
export function blankMessage(): Message {
  return { kind: 0, sender: 0, id: 0, argument: 0, serial: 0, time: Number.NaN };
}
