import type { Sandbox } from '@daytonaio/sdk';
import { exported, type Variables } from './egress.ts';

/** The session in which our command runs, so that it is found again from another machine. */
export const sessionId = 'daytona-proxy';

/** A command in the background of a sandbox. */
export interface BackgroundCommand {
  readonly id: string;
  readonly command: string;
  /** Undefined while it runs. */
  readonly exitCode: number | undefined;
}

const exports = /^export HTTPS_PROXY=(?:[^;']|'[^']*')*; /;

/** What serves OpenCode on a port; `0.0.0.0` because Daytona comes from outside of the container. */
export function openCodeOn(port: number): string {
  return `opencode serve --port ${port} --hostname 0.0.0.0`;
}

/** Begins a command in the background, and does not wait for it. */
export async function runInBackground(
  { process: shell }: Sandbox,
  command: string,
  variables: Variables | undefined,
): Promise<BackgroundCommand> {
  const sessions = await shell.listSessions();
  if (sessions.some((session) => session.sessionId === sessionId)) {
    await shell.deleteSession(sessionId); // With what ran in it.
  }
  await shell.createSession(sessionId);
  const { cmdId: id = '' } = await shell.executeSessionCommand(sessionId, {
    command: variables ? `${exported(variables)}; ${command}` : command,
    runAsync: true,
  });
  return { id, command, exitCode: undefined };
}

/** The command that was begun last; undefined where there is none, or none since the last start. */
export async function findCommand({
  process: shell,
}: Sandbox): Promise<BackgroundCommand | undefined> {
  const sessions = await shell.listSessions();
  const ours = sessions.find((session) => session.sessionId === sessionId);
  const last = ours?.commands?.at(-1);
  if (!last) return undefined;
  // The way out has the sandbox's credential, which is nobody's to read on a terminal.
  const command = last.command.replace(exports, '');
  return { id: last.id, command, exitCode: last.exitCode ?? undefined };
}

/** All that it has written so far. */
export async function logOf({ process: shell }: Sandbox, { id }: BackgroundCommand) {
  const {
    output = '',
    stdout = '',
    stderr = '',
  } = await shell.getSessionCommandLogs(sessionId, id);
  return { output: plain(output), stdout, stderr };
}

/** The last lines of a log. */
export function tail(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** Some toolboxes leave their marks in the log that say which stream a piece was written to. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: These are the marks.
  return text.replace(/\x01{3}|\x02{3}/g, '');
}
