// Runs command lines one after the other within one process, for a table too long to start a process for every row. Each
// comes as a message with its folder; what it wrote and its exit status go back.
import { commandLine } from '../../src/cli/command-line.ts';
import type { Ended } from './command.ts';

process.on('message', ({ args, cwd }: { args: string[]; cwd: string }) => {
  void (async () => {
    process.chdir(cwd);
    const began = performance.now();
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      process[name].write = ((text: string, done?: () => void) => {
        written[name] += text;
        done?.();
        return true;
      }) as typeof process.stdout.write;
    }
    const status = await commandLine([process.execPath, 'copyless', ...args]);
    const ended: Ended = { status, ...written, ms: performance.now() - began };
    process.send!(ended);
  })();
});
