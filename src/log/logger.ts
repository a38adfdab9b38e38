import winston from 'winston';
import { Lines, message } from './lines.ts';
import { type LogEvent, sentence } from './sentences.ts';
import { timestamp } from './timestamp.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

/** Facts beside an event. Nothing secret goes in here: no token, no cookie, no query string. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes one event. Its name stands in JSON lines, its sentence in pretty ones. */
export interface Log {
  (level: Level, event: LogEvent, facts?: Facts): void;
  /** False where an event of that level is dropped, so that its facts need not be gathered. */
  enabled(level: Level): boolean;
  /** Resolves once everything is written, as far as somebody takes it. */
  close(): Promise<void>;
}

export interface LogOptions {
  readonly level: Level;
  readonly format: 'pretty' | 'json';
  /** Where lines go; standard output if not given. */
  readonly stream?: NodeJS.WritableStream;
}

/** Starts the log: one line an event, on standard output. */
export function createLog({ level, format, stream = process.stdout }: LogOptions): Log {
  const write = format === 'pretty' ? prettyLine : jsonLine;
  const lines = new Lines(stream, (count, cause) =>
    write({ level: 'warn', event: 'log.lost', facts: { count, cause } }),
  );
  const logger = winston.createLogger({
    level,
    format: {
      transform: (info) => Object.assign(info, { [message]: write(info as unknown as Entry) }),
    },
    transports: [lines],
  });
  const ranks = logger.levels;
  const rank = ranks[level] ?? 0;
  const enabled = (at: Level) => (ranks[at] ?? 0) <= rank;
  let closing: Promise<void> | undefined;
  const log = (at: Level, event: LogEvent, facts?: Facts) => {
    if (!enabled(at)) return;
    // One for each request: it goes to the transport without winston's two streams between, as does
    // what comes behind their end, a crash of the last moment: they would throw.
    if (event === 'access' || closing) lines.add(write({ level: at, event, facts }));
    else logger.log({ level: at, event, message: '', facts });
  };
  return Object.assign(log, {
    enabled,
    close: () => {
      closing ??= new Promise<void>((resolve) => {
        logger.on('finish', () => void lines.settle().then(resolve));
        logger.end();
      });
      return closing;
    },
  });
}

interface Entry {
  readonly level: string;
  readonly event: LogEvent;
  readonly facts?: Facts | undefined;
}

function prettyLine({ event, facts = {} }: Entry): string {
  return `${new Date().toLocaleTimeString('sv')} ${sentence(event, facts)}`;
}

/**
 * An access line goes without its sentence, which would say all its facts again. Facts are not copied
 * into one object with the rest: that takes as long as to write them.
 */
function jsonLine({ level, event, facts = {} }: Entry): string {
  const said = event === 'access' ? '' : `"message":${JSON.stringify(sentence(event, facts))},`;
  const members = JSON.stringify(facts).slice(1, -1);
  const comma = members === '' ? '' : ',';
  return `{"level":"${level}","event":"${event}",${said}${members}${comma}"timestamp":"${timestamp()}"}`;
}
