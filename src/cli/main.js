#!/usr/bin/env node
// All that is TypeScript is imported after the look at Node's version, which an older one survives.
import module from 'node:module';
import '../requireNode.js';

// What was compiled once is loaded in half the time.
module.enableCompileCache?.();

const { run } = await import('./program.ts');
await run(process.argv.slice(2));
