import type { z } from 'zod';
import { contradictions } from './contradictions.ts';
import { withStandIns } from './platformVariables.ts';
import { type Variable, variables } from './variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The whole configuration: one parsed value for each environment variable. */
export type Config = Values<typeof variables>;

/** One parsed value for each of some variables. */
export type Values<Variables> = {
  readonly [Name in keyof Variables]: Variables[Name] extends Variable<infer T> ? T : never;
};

/** All that is wrong with the environment, in one message that says how to mend it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the configuration from environment variables.
 * An empty value counts as unset; unknown variables are ignored.
 *
 * @throws ConfigError that lists every bad variable, its value (secrets masked) and a valid one.
 */
export function readConfig(given: Environment): Config {
  const config = readVariables(variables, withStandIns(given));
  refuse(contradictions(config));
  return config;
}

/** Reads some variables as `readConfig` reads all; what they say together is not judged. */
export function readVariables<Variables extends Record<string, Variable<unknown>>>(
  some: Variables,
  env: Environment,
): Values<Variables> {
  const problems: string[] = [];
  const inPlatform = env.MODE?.trim() === 'platform';
  const values = Object.entries<Variable<unknown>>(some).map(([name, variable]) => {
    const given = env[name]?.trim() || undefined;
    const text = given ?? (inPlatform ? variable.inPlatform : undefined) ?? variable.fallback;
    const parsed = text === undefined ? undefined : variable.schema.safeParse(text);
    if (parsed?.success) return [name, parsed.data] as const;
    problems.push(explain(name, variable, given, parsed?.error));
    return [name, undefined] as const;
  });
  refuse(problems);
  return Object.fromEntries(values) as Values<Variables>;
}

/** @throws ConfigError where there are any */
export function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new ConfigError(
    `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.join('\n')}\n` +
      'Set these in the environment or in .env (see .env.example), then start again.',
  );
}

function explain(
  name: string,
  { secret, example }: Variable<unknown>,
  given: string | undefined,
  error: z.ZodError | undefined,
): string {
  const shown =
    given === undefined
      ? 'is not set'
      : secret
        ? '= ****'
        : `= ${JSON.stringify(given.replace(/\/\/[^/@]*@/, '//****@'))}`;
  return `  ${name} ${shown}: ${reason(error)}. For example: ${name}=${example}`;
}

function reason(error: z.ZodError | undefined): string {
  if (!error) return 'it is required';
  return leaves(error.issues)
    .map((issue) =>
      issue.code === 'invalid_value' ? `must be one of ${issue.values.join(', ')}` : issue.message,
    )
    .filter((sentence, index, all) => all.indexOf(sentence) === index)
    .join(' or ');
}

/** The issues that say something: alternatives are unfolded, "empty means off" is left out. */
function leaves(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'invalid_union') return leaves(issue.errors.flat());
    const onlyEmpty = issue.code === 'invalid_value' && issue.values.every((value) => value === '');
    return onlyEmpty ? [] : [issue];
  });
}
