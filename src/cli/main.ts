#!/usr/bin/env node
// The process around the command line: its streams, and what nobody caught.
import { commandLine, explain } from './command-line.ts';

// A reader that went away (`| head`) is no error of ours: what is still to be written goes nowhere.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
process.on('uncaughtException', (error) => process.exit(explain(error)));
process.exitCode = await commandLine(process.argv);
