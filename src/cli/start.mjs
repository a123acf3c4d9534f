#!/usr/bin/env node
// The entry point from a checkout: first the Node, then the program.
import './require-node.mjs';
await import('./main.ts');
