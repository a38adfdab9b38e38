import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memory = '/dev/shm';

/**
 * Configurations, logs and the 100 MB file of this run; removed when the process ends. In memory
 * where that can be, because it is not the disk that is measured.
 */
export const scratch = mkdtempSync(
  join(existsSync(memory) ? memory : tmpdir(), 'daytona-proxy-bench-'),
);
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
