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
  readonly protocol: string | false | null;
}

/**
 * What is shown to a browser that asks for a name; for `*.` and a domain, for a sandbox's host.
 * Many fronts have a certificate for each name.
 */
function handshakeAt(exam: Examination, name: string): Promise<Handshake> {
  return exam.once(`tls ${name}`, async () => {
    if (exam.url.protocol !== 'https:') throw new Skipped(`${exam.url.origin} is without TLS`);
    if (isAddress(name.replace('*.', ''))) throw new Skipped('an address has no names below it');
    const host = name.replace(/^\*\.(.*)/, (_all, domain) =>
      strangeHost(domain, exam.config.HOST_FORMAT),
    );
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
      return { leaf, problem, protocol };
    } catch (error) {
      if (!connected) throw new Skipped('public-address below has to be reached first');
      const { code, message } = error as NodeJS.ErrnoException;
      throw new Error(`no TLS for ${host} on port ${exam.port} (${message || code})`);
    } finally {
      clearTimeout(late);
      socket.destroy();
    }
  });
}

/** The same for checks behind the first, which has told whether there is a certificate at all. */
function knownAt(exam: Examination): Promise<Handshake> {
  return handshakeAt(exam, `*.${exam.domain}`).catch((error: unknown) => {
    if (error instanceof Skipped) throw error;
    throw new Skipped('certificate-chain has to be right first');
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error
    ? ((error as NodeJS.ErrnoException).code ?? error.message)
    : String(error);
}

/** The certificates above one that were sent with it, as far as each is by the next. */
function issuersOf(leaf: X509Certificate): X509Certificate[] {
  const issuers: X509Certificate[] = [];
  let at = leaf;
  while (at.issuerCertificate && !at.checkIssued(at)) {
    at = at.issuerCertificate;
    issuers.push(at);
  }
  return issuers;
}

function isOverdue({ validFromDate: from, validToDate: to }: X509Certificate): boolean {
  const now = Date.now();
  return now < from.getTime() || now > to.getTime();
}

/** True where what is shown for the domain is what it should be, to the name and the day. */
export async function isTrusted(exam: Examination): Promise<boolean> {
  const shown = await handshakeAt(exam, `*.${exam.domain}`).catch(() => undefined);
  const host = `3000-sandbox.${exam.domain}`;
  return shown?.problem === undefined && shown?.leaf.checkHost(host) !== undefined;
}

const chain: Check = {
  name: 'certificate-chain',
  topic: 'chain',
  find: async (exam) => {
    const { leaf, problem } = await handshakeAt(exam, `*.${exam.domain}`);
    const issuer = leaf.issuer.replaceAll('\n', ', ');
    if (problem === undefined) return ok(`complete, issued by ${issuer}`);
    const fix = await fixFor(exam, 'chain');
    if (leaf.checkIssued(leaf)) {
      return failed(
        `the certificate is signed by itself, which no browser trusts (${problem}); an authority of your own: --cacert file`,
        fix,
      );
    }
    if (overdue.test(problem)) {
      // OpenSSL tells of the time alone, whatever else is wrong.
      if (isOverdue(leaf)) {
        throw new Skipped('certificate-days below has to be right first');
      }
      const old = issuersOf(leaf).find(isOverdue);
      const days = old ? `, ${dayOf(old.validFromDate)} to ${dayOf(old.validToDate)}` : '';
      return failed(
        `an issuer’s certificate is out of its time: ${(old?.subject ?? leaf.issuer).replaceAll('\n', ', ')}${days} (${problem})`,
        fix,
      );
    }
    const why =
      issuersOf(leaf).length === 0
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
    const own = domains.filter((domain) => domain === exam.url.hostname);
    for (const name of [...domains.map((domain) => `*.${domain}`), ...own]) {
      const shown = await handshakeAt(exam, name).catch((error: Error) => error);
      if (shown instanceof Skipped) throw shown;
      if (shown instanceof Error) return failed(shown.message, await fixFor(exam, 'names'));
      const { leaf } = shown;
      if (!leaf.checkHost(name.replace('*', '3000-sandbox'), { subject: 'never' })) {
        return failed(
          `the certificate shown for ${name} does not name it, only ${leaf.subjectAltName ?? 'nobody'}`,
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
