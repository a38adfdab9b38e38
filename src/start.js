// All that is TypeScript is imported after the look at Node's version, which an older one survives.
import './requireNode.js';

await import('./main.ts');
