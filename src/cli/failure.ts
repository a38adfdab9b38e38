import { CommanderError } from 'commander';
import { ConfigError } from '../config/config.ts';
import { called } from './name.ts';

const longestPage = 300;

/** What went wrong, in a sentence that says what to do, with facts for programs. Exit code 1. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly facts: object;

  constructor(message: string, facts: object = {}) {
    super(message);
    this.facts = facts;
  }
}

/** The command was not called as it wants to be. Exit code 2. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
}

/** An error as it is told: in words, as an object, and by the exit code. */
export interface Report {
  readonly exitCode: number;
  readonly message: string;
  readonly facts: object;
}

/**
 * Puts an error into words. Daytona's are told apart by their status, never by their message.
 *
 * @param apiUrl where the Daytona API is, if that is known already
 */
export async function explain(error: unknown, apiUrl = 'DAYTONA_API_URL'): Promise<Report> {
  if (error instanceof CommanderError) {
    // What commander calls so is its help, which it has shown where somebody said nothing.
    const helped = error.code === 'commander.help';
    const message = helped ? 'Say what to do.' : error.message.replace(/^error: /, '');
    return { exitCode: error.exitCode === 0 ? 0 : 2, message, facts: {} };
  }
  if (error instanceof CommandError) {
    const { message, facts } = error;
    return { exitCode: error instanceof UsageError ? 2 : 1, message, facts };
  }
  if (error instanceof ConfigError) return { exitCode: 1, message: error.message, facts: {} };
  const { DaytonaConnectionError, DaytonaError, DaytonaTimeoutError } = await import(
    '@daytonaio/sdk'
  );
  if (error instanceof DaytonaError) {
    const { statusCode } = error;
    const said = brief(error.message);
    const facts = statusCode === undefined ? {} : { statusCode };
    if (error instanceof DaytonaConnectionError) {
      const message = `The Daytona API at ${apiUrl} cannot be reached (${said}). Is it up, and DAYTONA_API_URL right?`;
      return { exitCode: 1, message, facts };
    }
    if (error instanceof DaytonaTimeoutError) {
      const message = `The Daytona API at ${apiUrl} took too long (${said}). Try again, or look at it by \`${called('sandbox list')}\`.`;
      return { exitCode: 1, message, facts };
    }
    return { exitCode: 1, message: words(statusCode, said, apiUrl), facts };
  }
  // The system's own say what is wrong with which file; the place in our code says nothing more.
  const isSystem = error instanceof Error && 'syscall' in error;
  const stack = error instanceof Error && !isSystem ? error.stack : undefined;
  const message = stack ?? (error instanceof Error ? error.message : String(error));
  return { exitCode: 1, message, facts: {} };
}

/** In front of Daytona are servers that answer with pages, of which the words are enough. */
function brief(said: string): string {
  if (!/^\s*<(?:!doctype|html)/i.test(said)) return said;
  const text = said.replace(/<(style|script)\b.*?<\/\1>|<[^>]*>/gis, ' ');
  return text.replace(/\s+/g, ' ').trim().slice(0, longestPage);
}

function words(statusCode: number | undefined, said: string, apiUrl: string): string {
  switch (statusCode) {
    case 401:
      return `The Daytona API at ${apiUrl} refused DAYTONA_API_KEY. Make a key in Daytona's dashboard and put it into .env.`;
    case 403:
      return `Daytona does not allow it: ${said}. Look at the key's permissions and the organization's limits.`;
    case 404:
      return `${said}. What there is, \`${called('sandbox list')}\` shows.`;
    case 409:
      return `Daytona says that this is taken or under way: ${said}. Try another name, or in a moment again.`;
    case 429:
      return `The Daytona API at ${apiUrl} is asked too often: ${said}. Try again in a minute.`;
    default:
      return `Daytona said${statusCode === undefined ? '' : ` ${statusCode}`}: ${said}`;
  }
}
