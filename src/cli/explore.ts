// `check --explore`: a walk through the states of a system, a line at a time. From a terminal or a pipe: what is read from a
// pipe is echoed, so that the output reads like a session.
import { createInterface } from 'node:readline';
import type { Explorable } from '../runtime/check/explorable.ts';
import { type Option, Walk } from '../report/check/walk.ts';
import type { Choice } from '../report/check/world-system.ts';
import { commandTo, shellWord } from '../report/command.ts';
import { runUnit, type Unit } from '../report/unit.ts';
import { whole } from '../stdx/figures.ts';
import { exit } from './exit.ts';
import { writeReplay } from './failure.ts';
import { OutputError } from './output.ts';

export interface Io {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  isTTY: boolean;
}

export interface ExploreOptions {
  /** The path as a run of the simulator: what `w` writes. */
  unitOf?: (choices: readonly Choice[]) => Unit;
  /** States that `v` looks at, at most. */
  states?: number;
}

/** Some ten seconds. */
const STATES = 2_000_000;
const HELP = `a number, or several   takes the choice of that number, one after the other
b                      back by one step
s                      the whole state
c                      the choices again
v                      on to the nearest violation: breadth first from here, every order
r                      back to the start
w FILE                 writes the path to a violation as a file for copyless replay
q                      ends`;

/** @returns exit status */
export async function explore(model: Explorable, io: Io, options: ExploreOptions = {}): Promise<number> {
  const dialogue = new Dialogue(model, io, options);
  await dialogue.run();
  return exit.ok;
}

class Dialogue {
  private readonly walk: Walk;
  private readonly io: Io;
  private readonly unitOf: ExploreOptions['unitOf'];
  private readonly states: number;
  private choices: Option[] = [];
  private violated: string | null = null;

  constructor(model: Explorable, io: Io, { unitOf, states = STATES }: ExploreOptions) {
    this.walk = new Walk(model);
    this.io = io;
    this.unitOf = unitOf;
    this.states = states;
  }

  async run(): Promise<void> {
    const { input, isTTY } = this.io;
    this.look();
    await this.say(['? for help', ...this.place()]);
    await this.prompt();
    // Nothing is awaited between the two: lines that came meanwhile would be lost.
    const lines = createInterface({ input, terminal: false });
    try {
      for await (const line of lines) {
        const command = line.trim();
        if (!isTTY) await this.say([command]);
        if (command === 'q') break;
        if (command !== '') await this.say(await this.obey(command));
        await this.prompt();
      }
    } finally {
      // Leaving the loop leaves the input being read, and a terminal, or a pipe that somebody holds open, never ends.
      lines.close();
    }
    await this.say(['']);
  }

  private prompt(): Promise<void> {
    return this.write('> ');
  }
  private say(lines: readonly string[]): Promise<void> {
    return this.write(lines.map((line) => `${line}\n`).join(''));
  }
  private write(text: string): Promise<void> {
    return new Promise((done, failed) => {
      this.io.output.write(text, (error?: Error | null) => {
        // A reader that went away has what it wanted.
        if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') done();
        else failed(new OutputError('stdout', error));
      });
    });
  }

  private async obey(command: string): Promise<string[]> {
    const { walk } = this;
    if (/^\d+(\s+\d+)*$/.test(command)) return this.takeAll(command.split(/\s+/).map(Number));
    const [word, ...rest] = command.split(/\s+/);
    if (word === 'w') return this.keep(command.slice(1).trim());
    if (rest.length > 0) return [`${word} takes nothing more; ? for help`];
    switch (word) {
      case '?':
        return HELP.split('\n');
      case 'b':
        if (!walk.back()) return ['this is the start'];
        this.look();
        return this.place();
      case 'r':
        walk.restart();
        this.look();
        return this.place();
      case 's':
        return walk.here.state === null ? ['a step that breaks a property leads to no state'] : walk.whole();
      case 'c':
        return this.menu();
      case 'v':
        return this.jump();
      default:
        return [`${command} is no command; ? for help`];
    }
  }

  private takeAll(numbers: readonly number[]): string[] {
    for (const number of numbers) {
      const option = this.choices[number - 1];
      if (option === undefined) {
        const many = this.choices.length;
        const there = many === 0 ? 'there is nothing to choose' : `choices are 1 to ${many}`;
        return [`no choice ${number}: ${there}`, ...this.place()];
      }
      this.walk.take(option);
      this.look();
    }
    return this.place();
  }

  private jump(): string[] {
    const { walk } = this;
    const from = walk.depth;
    if (this.violated !== null) return ['something is violated here already; b goes back'];
    const { found, states, all } = walk.jump(this.states);
    const looked = `${whole(states)} states`;
    if (found === null)
      return [
        all
          ? `no violation: all ${looked} from here on were looked at`
          : `no violation in the first ${looked}`,
      ];
    this.look();
    const way = walk.trail().slice(from + 1);
    return [...way.map((text, i) => `${from + 1 + i}. ${text}`), ...this.place()];
  }

  private async keep(file: string): Promise<string[]> {
    const { unitOf, violated, walk } = this;
    if (file === '') return ['w needs the name of a file'];
    if (unitOf === undefined) return ['nothing of this system can be replayed'];
    if (violated === null) return ['nothing is violated here: there is nothing to replay'];
    const unit = unitOf(walk.choices);
    const { violations, ending } = (await runUnit(unit)).run;
    const [property] = violated.split(': ');
    const seen = violations.find((one) => one.property === property) ?? violations[0];
    if (seen === undefined)
      return [`as a run of the simulator the path violates nothing (it ends: ${ending})`];
    try {
      writeReplay(file, unit, seen);
    } catch (error) {
      if (error instanceof OutputError) return [error.message];
      throw error;
    }
    return [`wrote ${file}: ${seen.property}, ${commandTo('replay', shellWord(file))}`];
  }

  // --- what is shown

  /** Looks at what there is here, once. */
  private look(): void {
    this.choices = this.walk.options();
    this.violated = this.walk.violated(this.choices);
  }
  private place(): string[] {
    const { walk } = this;
    const { by, state } = walk.here;
    const head = `depth ${walk.depth}${by === null ? ', the start' : `: ${by.text}`}`;
    const changes = walk.changes().map((line) => `   ${line}`);
    const nothing = by !== null && state !== null && changes.length === 0 ? ['   (nothing changes)'] : [];
    return ['', head, ...changes, ...nothing, ...this.menu()];
  }
  private menu(): string[] {
    const { choices, violated } = this;
    const broken = violated === null ? [] : [`VIOLATED ${violated}`];
    if (choices.length === 0) return violated === null ? ['the end: nothing is left to do'] : broken;
    return [...broken, ...choices.map(({ text }, i) => `${String(i + 1).padStart(3)}  ${text}`)];
  }
}
