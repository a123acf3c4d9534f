// Where a search starts: every page has been written once, by the first vCPU of its guest, in the order in which messages
// were sent, and every vCPU wants the next operation of its script. A script begins with memory that nobody has touched: on
// which vNode a page is, and whether it is anywhere, is for the script to say.
import type { System } from '../../actor/system.ts';
import { message, type Message } from '../../model/messages.ts';
import { encode, operation } from '../../model/script.ts';
import { ReplayScheduler } from '../../runtime/schedulers/replay.ts';

/** Deliveries that the first write of a page may take, many times over. */
const DELIVERIES_PER_PAGE = 500;

/** The pages cannot be written to begin with. */
export class NeverPopulated extends Error {}

/**
 * @param writes whether pages are written, or only every vCPU comes to want an operation
 * @returns the deliveries it took, as rings, the last ones to the feeder
 * @throws NeverPopulated when a vCPU is still not content after many more than it should take, or waits for ever
 */
export function populate(system: System, writes: boolean): number[] {
  const { mailboxes, actors, contexts, scripts, geometry } = system;
  const scheduler = new ReplayScheduler(mailboxes, []);
  const offer = (ring: number) => scheduler.offer(ring);
  const incoming: Message = { kind: 0, sender: 0, id: 0, argument: 0, serial: 0, time: 0 };
  const written = geometry.spec.guests.map(() => 0);
  const rings: number[] = [];
  const content = new Set<number>();
  const most = DELIVERIES_PER_PAGE * (1 + geometry.spec.guests.reduce((sum, { pages }) => sum + pages, 0));
  mailboxes.publish(offer);
  for (;;) {
    const receiver = scheduler.next(incoming);
    if (receiver < 0 && content.size === geometry.vcpus) return rings;
    if (receiver < 0)
      throw new NeverPopulated('answered: a vCPU waits for ever for the first write of a page');
    if (rings.length >= most)
      throw new NeverPopulated('answered: a vCPU tries the first write of a page for ever');
    rings.push(
      mailboxes.links.findIndex((link) => link.sender === incoming.sender && link.receiver === receiver),
    );
    if (receiver !== geometry.feeder) {
      actors[receiver]!.receive(incoming, contexts[receiver]!);
      contexts[receiver]!.step();
    } else {
      const vcpu = incoming.id;
      const guest = geometry.vcpuGuest[vcpu]!;
      const isFirst = writes && vcpu === geometry.guestVcpu[guest];
      if (isFirst && written[guest]! < geometry.spec.guests[guest]!.pages) {
        scripts.words[vcpu]!.set([encode(operation.write, 0), written[guest]!++]);
        scripts.length[vcpu] = 1;
        contexts[geometry.feeder]!.send(vcpu, message.fed, vcpu);
      } else content.add(vcpu);
    }
    mailboxes.publish(offer);
  }
}
