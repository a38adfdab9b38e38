/** What the demo shows. */
export interface DemoFlags {
  /** The proxy in the place of a self-hosted Daytona's own, and not in front of its edge. */
  readonly platform: boolean;
  /** One JSON object in the place of the words of welcome. */
  readonly json?: boolean;
}

const known = ['--demo', '--platform'];

/**
 * Reads the demo's flags from the command line.
 *
 * @throws Error that says which flags there are
 */
export function readFlags(args: readonly string[]): DemoFlags {
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown !== undefined) {
    throw new Error(
      `The demo does not know ${JSON.stringify(unknown)}. There are \`npm run demo\` and \`npm run demo -- --platform\`.`,
    );
  }
  return { platform: args.includes('--platform') };
}
