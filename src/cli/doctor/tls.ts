import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { dayOf } from '../../tls/certificate.ts';
import { strangeHost } from './dns.ts';
import type { Examination } from './examination.ts';
import { type Check, failed, ok, Skipped } from './finding.ts';
import { fixFor } from './fixes.ts';
import { isAddress } from './network.ts';

const fewDays = 14;
const dayMs = 86_400_000;
const patienceMs = 10_000;
const overdue = /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/;

interface Handshake {
  readonly leaf: X509Certificate;
  /** OpenSSL's code for what is wrong with the chain; undefined where nothing is. */
  readonly problem: string | undefined;
  /** How many certificates were sent. */
  readonly sent: number;
  readonly protocol: string | false | null;
}

/** What is shown at a sandbox's host. */
function handshakeAt(exam: Examination, domain: string): Promise<Handshake> {
  return exam.once(`tls ${domain}`, async () => {
    if (exam.url.protocol !== 'https:') throw new Skipped(`${exam.url.origin} is without TLS`);
    if (isAddress(domain)) throw new Skipped('an address has no names below it');
    const host = strangeHost(domain, exam.config.HOST_FORMAT);
    const socket = tls.connect({
      host,
      port: exam.port,
      servername: isIP(host) ? '' : host,
      lookup: exam.network.lookup(exam.port),
      ALPNProtocols: ['h2', 'http/1.1'],
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined, // Names are looked at by themselves.
      ...(exam.options.ca !== undefined && { ca: exam.options.ca }),
    });
    let connected = false;
    socket.once('connect', () => {
      connected = true;
    });
    socket.on('error', () => {});
    const late = setTimeout(() => socket.destroy(new Error('no answer')), patienceMs);
    try {
      await once(socket, 'secureConnect');
      const leaf = socket.getPeerX509Certificate();
      if (!leaf) throw new Error('no certificate was shown');
      const { authorized, authorizationError: error, alpnProtocol: protocol } = socket;
      const problem = authorized ? undefined : codeOf(error);
      return { leaf, problem, sent: lengthOf(socket), protocol };
    } catch (error) {
      if (!connected) throw new Skipped('public-address below has to be reached first');
      const { code, message } = error as NodeJS.ErrnoException;
      throw new Error(`${host}:${exam.port} speaks no TLS (${message || code})`);
    } finally {
      clearTimeout(late);
      socket.destroy();
    }
  });
}

/** The same for checks behind the first, which has told whether there is a certificate at all. */
function knownAt(exam: Examination): Promise<Handshake> {
  return handshakeAt(exam, exam.domain).catch((error: unknown) => {
    if (error instanceof Skipped) throw error;
    throw new Skipped('certificate-chain has to be right first');
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error
    ? ((error as NodeJS.ErrnoException).code ?? error.message)
    : String(error);
}

/** How long the chain is that can be made of what the other side has sent. */
function lengthOf(socket: tls.TLSSocket): number {
  let length = 0;
  let at: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  const seen = new Set<string>();
  while (at?.fingerprint256 && !seen.has(at.fingerprint256)) {
    seen.add(at.fingerprint256);
    length += 1;
    at = at.issuerCertificate;
  }
  return length;
}

/** True where what is shown for the domain is what it should be, to the name and the day. */
export async function isTrusted(exam: Examination): Promise<boolean> {
  const shown = await handshakeAt(exam, exam.domain).catch(() => undefined);
  const host = `3000-sandbox.${exam.domain}`;
  return shown?.problem === undefined && shown?.leaf.checkHost(host) !== undefined;
}

const chain: Check = {
  name: 'certificate-chain',
  topic: 'chain',
  find: async (exam) => {
    const { leaf, problem, sent } = await handshakeAt(exam, exam.domain);
    const issuer = leaf.issuer.replaceAll('\n', ', ');
    // Whether its time is over is asked below, and a chain that failed by that alone is whole.
    if (problem === undefined || overdue.test(problem)) {
      return ok(`complete, issued by ${issuer}`);
    }
    const fix = await fixFor(exam, 'chain');
    if (leaf.checkIssued(leaf)) {
      return failed(
        `the certificate is signed by itself, which no browser trusts (${problem}); an authority of your own: --cacert file`,
        fix,
      );
    }
    const why =
      sent < 2
        ? `the certificate of its issuer (${issuer}) is not sent with it: the chain is not complete, or the authority is unknown here (--cacert file)`
        : `its chain leads to no authority that is trusted here (--cacert file)`;
    return failed(`${why} (${problem})`, fix);
  },
};

const names: Check = {
  name: 'certificate-names',
  find: async (exam) => {
    const { PROXY_DOMAIN } = exam.config;
    const domains = PROXY_DOMAIN.length > 0 ? PROXY_DOMAIN : [exam.domain];
    await knownAt(exam);
    for (const domain of domains) {
      const { leaf } = await handshakeAt(exam, domain);
      const wanted = [`*.${domain}`, ...(domain === exam.url.hostname ? [domain] : [])];
      const missing = wanted.filter(
        (name) => !leaf.checkHost(name.replace('*', '3000-sandbox'), { subject: 'never' }),
      );
      if (missing.length > 0) {
        return failed(
          `the certificate does not name ${missing.join(' and ')}, only ${leaf.subjectAltName ?? 'nobody'}`,
          await fixFor(exam, 'names'),
        );
      }
    }
    return ok(`it names ${domains.map((domain) => `*.${domain}`).join(' and ')}`);
  },
};

const days: Check = {
  name: 'certificate-days',
  find: async (exam) => {
    const { leaf } = await knownAt(exam);
    const { validFromDate: from, validToDate: to } = leaf;
    const left = Math.floor((to.getTime() - Date.now()) / dayMs);
    const fix = () => fixFor(exam, 'renewal');
    if (from.getTime() > Date.now()) {
      return failed(`not valid before ${from.toISOString()}: is the clock right?`, await fix());
    }
    if (left < 0) return failed(`expired on ${dayOf(to)}`, await fix());
    if (left < fewDays) return failed(`${left} days left, until ${dayOf(to)}`, await fix());
    return ok(`${left} days left, until ${dayOf(to)}`);
  },
};

const http2: Check = {
  name: 'http2',
  find: async (exam) => {
    const { protocol } = await knownAt(exam);
    if (protocol === 'h2') return ok('HTTP/2 is offered');
    if ((await exam.front()) === 'own') {
      throw new Skipped('the proxy’s own TLS speaks HTTP/1.1; HTTP/2 is for a proxy in front');
    }
    return failed(
      'HTTP/1.1 only: a browser opens six connections to a host, which six event streams use up',
      await fixFor(exam, 'http2'),
    );
  },
};

/** What a browser sees of TLS at the hosts of sandboxes. */
export const tlsChecks: readonly Check[] = [chain, names, days, http2];
