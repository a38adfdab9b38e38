import { type Authority, makeAuthority } from './authority.ts';
import { makeCaller } from './command.ts';
import { startDnsServer } from './dnsServer.ts';
import { type Examined, examine, settingsOf } from './doctor.ts';
import { type FrontOptions, startNginx } from './nginx.ts';
import { domain, type Rig, startRig } from './rig.ts';

/** Has a proxy in front believed. */
export const trust = { TRUSTED_PROXIES: '127.0.0.1/32' };

/** What a certificate has to name. */
export const names = [`*.${domain}`, domain];

/** A proxy, and a doctor that looks at it through one Nginx after the other. */
export interface DoctorBehindNginx {
  readonly rig: Rig;
  readonly authority: Authority;
  /** Examines one Nginx, of which only what is said differs from the file that ships. */
  behind(
    front: Partial<FrontOptions>,
    more?: {
      readonly args?: readonly string[];
      readonly which?: Rig;
      readonly env?: Record<string, string>;
    },
  ): Promise<Examined>;
  close(): Promise<void>;
}

/** Starts what all examinations of a file share. */
export async function startDoctorBehindNginx(): Promise<DoctorBehindNginx> {
  const rig = await startRig({ app: (_req, res) => void res.end('the app'), env: trust });
  const authority = makeAuthority();
  const certificate = authority.issue({ names });
  const caller = makeCaller();
  const dns = await startDnsServer({ [domain]: '127.0.0.1', [`*.${domain}`]: '127.0.0.1' });
  return {
    rig,
    authority,
    behind: async (front, { args = [], which = rig, env = {} } = {}) => {
      const upstreamPort = which.proxy.port;
      const nginx = await startNginx({ domains: [domain], certificate, upstreamPort, ...front });
      const url = `https://${domain}:${nginx.httpsPort}`;
      const given = ['--url', url, '--dns', dns.server, '--cacert', authority.rootPath, ...args];
      try {
        return await examine(caller, given, { ...settingsOf(which, domain), ...env });
      } finally {
        await nginx.close();
      }
    },
    close: async () => {
      dns.close();
      caller.remove();
      authority.remove();
      await rig.close();
    },
  };
}
