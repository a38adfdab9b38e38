import { isIPv4 } from 'node:net';
import { InvalidArgumentError, Option } from 'commander';
import { environment } from '../config/environment.ts';
import { parseDuration } from './duration.ts';

/** A port of a sandbox. */
export function port(text: string): number {
  const value = wholeNumber(text);
  if (value < 1 || value > 65_535) throw new InvalidArgumentError('A port is from 1 to 65535.');
  return value;
}

/** A path of an address. Without its slash it would go on with the host, and lead somewhere else. */
export function urlPath(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError('A path begins with "/".');
  return text;
}

/** Not negative. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** @returns seconds */
export function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

/** Adds `k=v` to what was given before; the value may be empty and contain `=`. */
export function pair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('It must be name=value.');
  }
  return { ...before, [name]: value };
}

/**
 * The same, or the name alone of a variable that we have ourselves, which keeps a secret out of the
 * list of processes and the history of the shell.
 */
export function variable(text: string, before?: Record<string, string>): Record<string, string> {
  const all = environment();
  if (!text.includes('=') && !Object.hasOwn(all, text)) {
    throw new InvalidArgumentError(`${text} is not set here. Set it, or say ${text}=value.`);
  }
  return pair(Object.hasOwn(all, text) ? `${text}=${all[text]}` : text, before);
}

/** Adds one or several, with commas between, to those given before. */
export function domains(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !/^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i.test(name));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(`"${wrong}" is no domain such as example.com or *.example.com.`);
  }
  return [...before, ...names];
}

/** Adds one or several IPv4 networks, with commas between, to those given before. */
export function networks(text: string, before: readonly string[] = []): readonly string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  for (const entry of entries) {
    const [address = '', bits = '32', more] = entry.split('/');
    if (more !== undefined || !isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) {
      throw new InvalidArgumentError(`"${entry}" is no IPv4 network such as 203.0.113.7/32.`);
    }
  }
  return [...before, ...entries.map((entry) => (entry.includes('/') ? entry : `${entry}/32`))];
}

/** An option with a time, and its default as a person would write it. */
export function timeOption(flags: string, description: string, fallback: string): Option {
  return new Option(flags, description).argParser(duration).default(duration(fallback), fallback);
}
