#!/usr/bin/env node
// All that is TypeScript is imported after the look at Node's version, which an older one survives.
import '../requireNode.js';

const { run } = await import('./program.ts');
await run(process.argv.slice(2));
