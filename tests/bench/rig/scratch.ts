import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Configurations, logs and the 100 MB file of this run; removed when the process ends. */
export const scratch = mkdtempSync(join(tmpdir(), 'daytona-proxy-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
