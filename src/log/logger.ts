import winston from 'winston';
import { type LogEvent, sentence } from './sentences.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

/** Facts beside an event. Nothing secret goes in here: no token, no cookie, no query string. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes one event. Its name stands in JSON lines, its sentence in pretty ones. */
export interface Log {
  (level: Level, event: LogEvent, facts?: Facts): void;
  /** False where an event of that level is dropped, so that its facts need not be gathered. */
  enabled(level: Level): boolean;
  /** Resolves once everything is written. */
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
  const logger = winston.createLogger({
    level,
    format:
      format === 'pretty'
        ? winston.format.printf(
            ({ message }) => `${new Date().toLocaleTimeString('sv')} ${message}`,
          )
        : winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Stream({ stream })],
  });
  const log = (at: Level, event: LogEvent, facts: Facts = {}) => {
    if (logger.isLevelEnabled(at)) {
      logger.log({ ...facts, level: at, event, message: sentence(event, facts) });
    }
  };
  return Object.assign(log, {
    enabled: (at: Level) => logger.isLevelEnabled(at),
    close: () =>
      new Promise<void>((resolve) => {
        logger.on('finish', () => resolve());
        logger.end();
      }),
  });
}
