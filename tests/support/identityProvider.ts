import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export interface IdentityProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The path of every request so far. */
  readonly asked: string[];
  /** Opens it, for a client to whose address the browser comes back. */
  serve(redirectUri: string): void;
  close(): Promise<void>;
}

/**
 * Starts a real OpenID Connect provider on loopback. Whoever names himself at its login page is who
 * he says: `ann@a.test` has that e-mail address; `unverified-…` has one that nobody has verified,
 * and `…@developers.test` is in the group of that name.
 */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = {
    client_id: 'daytona-proxy',
    client_secret: 'a-secret-that-only-the-proxy-has',
    token_endpoint_auth_method: 'client_secret_post' as const,
  };
  const providerFor = (redirectUri: string) =>
    new Provider(issuer, {
      clients: [
        { ...client, redirect_uris: [redirectUri] },
        // As a Daytona's own: without a secret.
        { client_id: 'daytona', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' },
      ],
      clientBasedCORS: () => false,
      claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
      scopes: ['openid', 'email', 'profile', 'groups'],
      conformIdTokenClaims: false,
      cookies: { keys: ['a key of the test'] },
      findAccount: (_ctx, id) => ({
        accountId: id,
        claims: () => ({
          sub: id,
          email: id,
          email_verified: !id.startsWith('unverified'),
          groups: id.endsWith('@developers.test') ? ['developers'] : [],
        }),
      }),
      // Nobody is asked whether the proxy may know who he is.
      loadExistingGrant: async (ctx) => {
        const grant = new ctx.oidc.provider.Grant({
          clientId: ctx.oidc.client?.clientId ?? '',
          accountId: ctx.oidc.session?.accountId ?? '',
        });
        grant.addOIDCScope('openid email profile groups');
        await grant.save();
        return grant;
      },
    });
  const asked: string[] = [];
  server.on('request', (req) => asked.push((req.url ?? '').split('?', 1)[0] ?? ''));
  const unmute = muteProvider();
  return {
    issuer,
    clientId: client.client_id,
    clientSecret: client.client_secret,
    asked,
    serve: (redirectUri) => {
      server.on('request', providerFor(redirectUri).callback());
    },
    close: async () => {
      unmute();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Keeps its warnings, that it is not set up for production, out of the tests' output. */
function muteProvider(): () => void {
  const { warn, info } = console;
  const isOurs = (text: unknown) => !String(text).includes('oidc-provider ');
  console.warn = (...parts) => void (isOurs(parts[0]) && warn(...parts));
  console.info = (...parts) => void (isOurs(parts[0]) && info(...parts));
  return () => Object.assign(console, { warn, info });
}
