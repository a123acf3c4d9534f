#!/usr/bin/env node
// The entry point from a checkout: first the Node, then the program.
import module from 'node:module';
import './require-node.mjs';

// Before the program, so that its types need not be taken away anew each time.
module.enableCompileCache();
await import('./main.ts');
