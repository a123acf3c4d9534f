// Steps that are asked for while their look-up is not at its end. Each look leads on to the next, and most of the time is
// waiting for memory; so they are put off until there are many, and each makes one look in turn with the others.
import type { Changes } from './changes.ts';
import { larger } from './offers.ts';
import type { Steps } from './steps.ts';
import type { Vector } from './vector.ts';

/** Words of a question: where the packed state begins that is to be what the step makes of it; actor, message, node. */
const QUESTION = 4;

export class Asked {
  private readonly steps: Steps;
  private readonly vector: Vector;
  private readonly changes: Changes;
  private questions = new Int32Array(1 << 12);
  private length = 0;

  constructor(steps: Steps, vector: Vector, changes: Changes) {
    this.steps = steps;
    this.vector = vector;
    this.changes = changes;
  }

  /** @param at where a copy of the state is in which the step is made */
  put(at: number, actor: number, sent: number, node: number): void {
    const { length } = this;
    if (length === this.questions.length) this.questions = larger(this.questions);
    const { questions } = this;
    questions[length] = at;
    questions[length + 1] = actor;
    questions[length + 2] = sent;
    questions[length + 3] = node;
    this.length = length + QUESTION;
  }
  forget(): void {
    this.length = 0;
  }
  /** Has what each step does put off, to be done together with the others. */
  answer(states: Int32Array): void {
    const { questions, steps, vector, changes } = this;
    let { length } = this;
    while (length > 0) {
      let open = 0;
      for (let i = 0; i < length; i += QUESTION) {
        const at = questions[i]!;
        const actor = questions[i + 1]!;
        const sent = questions[i + 2]!;
        const next = steps.look(questions[i + 3]!, states, at);
        if (next > 0) changes.putOff(next, at);
        else if (next === 0) {
          vector.at(states, at);
          changes.putOff(steps.take(actor, sent), at);
        } else {
          questions[open] = at;
          questions[open + 1] = actor;
          questions[open + 2] = sent;
          questions[open + 3] = next;
          open += QUESTION;
        }
      }
      length = open;
    }
    this.length = 0;
  }
}
