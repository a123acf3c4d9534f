// A way through the states of a system that somebody takes step by step: what can happen next, what the last step changed,
// back again, and from here on to the nearest state or step in which something is violated.
import { type Explorable, Successors } from '../../runtime/check/explorable.ts';
import { Search, stepTo } from '../../runtime/check/search.ts';
import { type Choice, WorldSystem } from './world-system.ts';

/** Something that can happen next. */
export interface Option {
  text: string;
  /** The packed state that it leads to; null: it breaks a property, and leads to none. */
  next: Int32Array | null;
  /** `I8-shootdown: ...` */
  breaks: string | null;
  /** In a world: what `replay` needs. */
  choice?: Choice;
}

/** A place on the way: how it was come to, and the state there. */
export interface Place {
  /** Null at the start. */
  by: Option | null;
  /** The state, or null behind a step that broke something. */
  state: Int32Array | null;
}

export interface Jump {
  /** What was found, or null. */
  found: string | null;
  /** How many steps were taken to it. */
  steps: number;
  /** States that were looked at; whether these are all that can be reached from here. */
  states: number;
  all: boolean;
}

export class Walk {
  private readonly model: Explorable;
  private readonly way: Place[] = [];

  /** @param model of a world, nothing of which was looked up yet: it then shows every order, also of steps that commute */
  constructor(model: Explorable) {
    if (model instanceof WorldSystem) {
      model.reduces = false;
      // The states of the way are kept as they are packed.
      model.packRoomily();
    }
    this.model = model;
    model.initial((state) => this.way.push({ by: null, state: state.slice(0, model.words) }));
  }

  get depth(): number {
    return this.way.length - 1;
  }
  get here(): Place {
    return this.way.at(-1)!;
  }
  /** The steps so far, in words, the start first. */
  trail(): string[] {
    return this.way.map(({ by }) => by?.text ?? 'the start');
  }
  /** The choices so far, in a world. */
  get choices(): Choice[] {
    return this.way.flatMap(({ by }) => (by?.choice ? [by.choice] : []));
  }

  take(option: Option): void {
    this.way.push({ by: option, state: option.next });
  }
  /** @returns false at the start */
  back(): boolean {
    if (this.way.length === 1) return false;
    this.way.pop();
    return true;
  }
  restart(): void {
    this.way.length = 1;
  }

  /** In the order in which a search takes them. */
  options(): Option[] {
    const { model } = this;
    const { state } = this.here;
    if (state === null) return [];
    const out = new Successors(model.words, 64);
    let choices: Choice[] = [];
    if (model instanceof WorldSystem) choices = model.choicesOf(state, 0, out);
    else out.of(model, state, 0, 0);
    const broken = new Map(out.broken.map(({ k, property }) => [k, property]));
    let at = 0;
    return Array.from({ length: out.ofThisState }, (_, k): Option => {
      const choice = choices[k];
      const breaks = broken.get(k) ?? null;
      const next = breaks === null ? out.keys.slice(at++ * model.words, at * model.words) : null;
      const text = choice?.text ?? model.describeAction(state, 0, k);
      return { text, next, breaks, ...(choice && { choice }) };
    });
  }

  /** What is violated here: by the step that led here, by the state itself, or because nothing can go on. */
  violated(options: readonly Option[]): string | null {
    const { by, state } = this.here;
    if (state === null) return by!.breaks;
    const { model } = this;
    const name = model.judge?.(state, 0) ?? null;
    if (name !== null) return name;
    return options.length > 0 || model.isEnd?.(state, 0) ? null : 'deadlock: no action is possible';
  }

  /** The whole state, in lines. */
  whole(): string[] {
    const { state } = this.here;
    return state === null ? [] : this.linesOf(state);
  }
  private linesOf(state: Int32Array): string[] {
    const { model } = this;
    return model instanceof WorldSystem
      ? model.shown(state, 0).lines()
      : model.describe(state, 0).split(' · ');
  }
  /** What the last step changed, in lines. */
  changes(): string[] {
    const { model } = this;
    const { state } = this.here;
    const before = this.way.at(-2)?.state;
    if (!before || !state) return [];
    if (model instanceof WorldSystem) return model.shown(state, 0).since(model.shown(before, 0));
    const were = this.linesOf(before);
    return this.linesOf(state).filter((line, i) => line !== were[i]);
  }

  /** Goes to the nearest violation, breadth first from here, or stays. @param most states to look at */
  jump(most: number): Jump {
    const { state } = this.here;
    if (state === null) return { found: this.here.by!.breaks, steps: 0, states: 0, all: false };
    const search = new Search(this.from(state), { states: most });
    const { violation, states, complete } = search.run();
    if (!violation) return { found: null, steps: 0, states, all: complete };
    const { path, violating = -1 } = violation;
    const steps = path.slice(1).map((id, i) => stepTo(this.model, search.set, path[i]!, id));
    if (violating >= 0) steps.push(violating);
    for (const k of steps) this.take(this.options()[k]!);
    const found = violation.kind === 'property' ? violation.name : `${violation.kind}: ${violation.name}`;
    return { found, steps: steps.length, states, all: false };
  }
  /** The same system as if it began here. */
  private from(state: Int32Array): Explorable {
    const { model } = this;
    return {
      words: model.words,
      initial: (into) => into(state.slice()),
      expand: (...given) => model.expand(...given),
      ...(model.complete && { complete: (...given) => model.complete!(...given) }),
      ...(model.judge && { judge: (...given) => model.judge!(...given) }),
      ...(model.isEnd && { isEnd: (...given) => model.isEnd!(...given) }),
      describeAction: (...given) => model.describeAction(...given),
      // What is found is told step by step.
      describe: () => '',
    };
  }
}
