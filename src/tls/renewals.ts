import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { TlsFiles } from '../config/tlsVariables.ts';
import type { Log } from '../log/logger.ts';
import { type Certificate, certificateWarnings, checkCertificate, dayOf } from './certificate.ts';
import { readTexts } from './certificateFiles.ts';

/** A renewal changes several files, one after the other: it is looked at when it has settled. */
const settleMs = 1_500;

export interface RenewalParts {
  readonly files: TlsFiles;
  /** What is served at first. */
  readonly certificate: Certificate;
  /** Those that the certificate should name. */
  readonly domains: readonly string[];
  readonly log: Log;
  /** Has new connections served with it. */
  readonly serve: (certificate: Certificate) => void;
  /** How often the files are read although nothing told of a change. */
  readonly pollMs?: number;
}

/**
 * Watches the certificate's files, and has what is new served. What cannot be served is refused:
 * the one before stays.
 *
 * It is the folders that are watched, because renewals replace files, certbot's symbolic links and
 * Kubernetes's `..data` alike; and all is read every minute, because a network's file system, or a
 * folder that was itself replaced, tells of nothing.
 */
export class Renewals {
  readonly #parts: RenewalParts;
  #served: Certificate;
  /** What was last said of files that cannot be served, and of the certificate that is. */
  #refused: string | undefined;
  #warned: string;
  #watchers: FSWatcher[] = [];
  #settling: NodeJS.Timeout | undefined;
  #reading = false;
  #closed = false;
  readonly #poll: NodeJS.Timeout;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
    this.#served = parts.certificate;
    this.#warned = this.#warnings().join(' '); // Told at the start.
    this.#watch();
    this.#poll = setInterval(() => {
      this.#watch();
      void this.#look();
    }, parts.pollMs ?? 60_000).unref();
    this.#soon(); // What changed since the files were read.
  }

  /** When the served certificate ends, in ms since the epoch. */
  get end(): number {
    return this.#served.leaf.validToDate.getTime();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    this.#unwatch();
  }

  #watch(): void {
    this.#unwatch();
    const { certFile, keyFile } = this.#parts.files;
    for (const folder of new Set([dirname(certFile), dirname(keyFile)])) {
      try {
        const watcher = watch(folder, { persistent: false });
        watcher.on('error', () => watcher.close());
        watcher.on('change', () => this.#soon());
        this.#watchers.push(watcher);
      } catch {
        // Gone for the moment, or there are no more watches to be had: the next poll tries again.
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  /** Waits anew with each change; where they do not end, the poll looks in between. */
  #soon(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      void this.#look();
    }, settleMs).unref();
  }

  async #look(): Promise<void> {
    if (this.#reading) {
      this.#soon();
      return;
    }
    this.#reading = true;
    const { files, log } = this.#parts;
    try {
      const texts = await readTexts(files);
      if (this.#closed) return;
      if (texts.cert !== this.#served.cert || texts.key !== this.#served.key) {
        const certificate = checkCertificate(files, texts, Date.now());
        this.#parts.serve(certificate);
        this.#served = certificate;
        log('info', 'tls.renewed', { until: dayOf(certificate.leaf.validToDate) });
      }
      this.#refused = undefined;
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      if (cause !== this.#refused) log('error', 'tls.refused', { cause });
      this.#refused = cause;
    } finally {
      this.#reading = false;
    }
    this.#warn();
  }

  /** Once for each new sentence; that about the end changes every day. */
  #warn(): void {
    const warnings = this.#warnings();
    const text = warnings.join(' ');
    if (text === this.#warned) return;
    this.#warned = text;
    for (const warning of warnings) this.#parts.log('warn', 'tls.warning', { warning });
  }

  #warnings(): string[] {
    return certificateWarnings(this.#served, this.#parts.domains, Date.now());
  }
}
