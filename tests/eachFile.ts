/**
 * Runs each test file of a folder in a process of its own, one after the other: what is measured
 * must not depend on what the files before have left in the memory of the one that measures.
 *
 *   node tests/eachFile.ts tests/e2e [part of a file's name …] [--outputFile=results.json]
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [folder = 'tests', ...rest] = process.argv.slice(2);
const output = rest.find((arg) => arg.startsWith('--outputFile='))?.slice('--outputFile='.length);
const parts = rest.filter((arg) => !arg.startsWith('--'));
const files = globSync(`${folder}/**/*.test.ts`)
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort();
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const scratch = mkdtempSync(join(tmpdir(), 'each-file-'));
const sums = { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };

for (const file of files) {
  const result = join(scratch, 'result.json');
  const options = ['--runTestsByPath', file, '--testTimeout=120000', '--json'];
  spawnSync(
    process.execPath,
    [...jest, 'node_modules/jest/bin/jest.js', ...options, `--outputFile=${result}`],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const counts = read(result);
  for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += counts[name];
}
rmSync(scratch, { recursive: true });
if (output !== undefined) writeFileSync(output, JSON.stringify(sums));
const failed = sums.numFailedTests + sums.numRuntimeErrorTestSuites;
console.log(`${files.length} files: ${sums.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed > 0 || files.length === 0 ? 1 : 0;

/** A run that ended without a result counts as a file that does not load. */
function read(path: string): typeof sums {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1 };
  } finally {
    rmSync(path, { force: true });
  }
}
