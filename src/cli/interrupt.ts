// What Ctrl-C and `kill` do to a run.
import { exit } from './exit.ts';

/** Ctrl-C once: what is done is reported. Twice: out. */
export class Interrupt {
  private readonly controller = new AbortController();
  status: number = 0;
  private readonly onSignal = (signal: NodeJS.Signals) => {
    const status = signal === 'SIGINT' ? exit.sigint : exit.sigterm;
    if (this.status !== 0) process.exit(status);
    this.status = status;
    this.controller.abort();
  };

  constructor() {
    this.listen();
  }
  private listen(): void {
    process.on('SIGINT', this.onSignal);
    process.on('SIGTERM', this.onSignal);
  }
  /** Does something that never looks up: a signal ends the program meanwhile, at once. */
  deaf<T>(work: () => T): T {
    this.release();
    try {
      return work();
    } finally {
      this.listen();
    }
  }
  /** Ends it as a signal would, but that is no failure. */
  stop(): void {
    this.controller.abort();
  }
  get signal(): AbortSignal {
    return this.controller.signal;
  }
  release(): void {
    process.off('SIGINT', this.onSignal);
    process.off('SIGTERM', this.onSignal);
  }
}
