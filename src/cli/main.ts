#!/usr/bin/env node
// The process around the command line: its streams, and what nobody caught.
import { enableCompileCache } from 'node:module';
import { commandLine } from './command-line.ts';
import { explain } from './error-line.ts';

// What Node makes of each source it keeps from one run to the next, beside the temporary files (NODE_DISABLE_COMPILE_CACHE=1:
// it does not). Threads hear of the place by the environment.
const { directory } = enableCompileCache();
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] = directory;

// A reader that went away (`| head`) is no error of ours: what is still to be written goes nowhere.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
process.on('uncaughtException', (error) => process.exit(explain(error)));
process.exitCode = await commandLine(process.argv);
