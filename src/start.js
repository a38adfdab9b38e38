// All that is TypeScript is imported after the look at Node's version, which an older one survives.
import './requireNode.js';

const asked = (flag) => process.argv.includes(flag);
const entry = asked('--demo')
  ? './demo/main.ts'
  : asked('--egress')
    ? './egress/main.ts'
    : './main.ts';
await import(entry);
