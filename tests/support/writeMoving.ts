import { readFileSync, writeFileSync } from 'node:fs';
import { movingTable } from './movingTable.ts';

// Run by itself: `node tests/support/writeMoving.ts` writes the rows into the README.
const readme = new URL('../../README.md', import.meta.url);
const block =
  /(?<=\n## Moving from Daytona's own proxy\n.*?<details>\n<summary>[^\n]*<\/summary>\n\n).*?(?=\n\n<\/details>)/s;
writeFileSync(
  readme,
  readFileSync(readme, 'utf8').replace(block, () => movingTable()),
);
