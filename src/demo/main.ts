/** `npm run demo`. */
import { type DemoFlags, readFlags } from './flags.ts';
import { runDemo } from './run.ts';

await runDemo(flagsOrExit());

function flagsOrExit(): DemoFlags {
  try {
    return readFlags(process.argv.slice(2));
  } catch (error) {
    // A slip of the fingers needs no stack.
    console.error((error as Error).message);
    return process.exit(1);
  }
}
