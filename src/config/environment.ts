import { config as readDotenv } from 'dotenv';

/** The environment, with `.env` of the working folder filling in what it does not set. */
export function environment(): Readonly<Record<string, string | undefined>> {
  readDotenv({ quiet: true });
  return process.env;
}
