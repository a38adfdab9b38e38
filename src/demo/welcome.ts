import type { Demo } from './demo.ts';

/** The domain of the demo's proxy. */
export const domain = 'proxy.localhost';

const farewell = 'Browsers and curl know *.localhost by themselves. Ctrl-C ends everything.';

/** What the demo says when all of it answers. */
export function welcome({ daytona, name, openCode }: Demo, port: number): string {
  const address = addressesOf(name, port);
  return `
daytona-proxy demo: an embedded Daytona on 127.0.0.1 (${daytona.apiUrl}) with one sandbox.

  the sandbox's app   ${address(3000)}
  OpenCode            ${openCode ? address(4096) : missing}
  health and stats    http://localhost:${port}/health  http://localhost:${port}/stats

  The commands \`sandbox create\` and \`doctor\` work with it:
    export DAYTONA_API_URL=${daytona.apiUrl} DAYTONA_API_KEY=${daytona.apiKey}
    export PROXY_DOMAIN=${domain} PORT=${port}

${farewell}
`;
}

/** The same for the demo in platform mode. */
export function welcomeToPlatform({ daytona, name, openCode }: Demo, port: number): string {
  const address = addressesOf(name, port);
  const withKey = `curl -H 'Authorization: Bearer ${daytona.apiKey}'`;
  const bare = `http://${domain}:${port}`;
  return `
daytona-proxy demo, MODE=platform: the proxy in the place of a self-hosted Daytona's own. An
embedded Daytona on 127.0.0.1 (${daytona.apiUrl}) has one runner with one public sandbox.

  the sandbox's app   ${address(3000)}
  OpenCode            ${openCode ? address(4096) : missing}
  a reserved port     ${address(2280)}version   wants a login, public as the sandbox is
    with a key        ${withKey} ${address(2280)}version
  its toolbox         ${bare}/toolbox/${name}/version   wants a key
    with a key        ${withKey} ${bare}/toolbox/${name}/version
  health and stats    http://localhost:${port}/health  http://localhost:${port}/stats

${farewell}
`;
}

/** The same as an object for programs. */
export function addresses({ daytona, name, openCode }: Demo, port: number) {
  const address = addressesOf(name, port);
  return {
    app: address(3000),
    openCode: openCode ? address(4096) : null,
    daytona: { apiUrl: daytona.apiUrl, apiKey: daytona.apiKey },
    proxy: { port, domain },
  };
}

const missing = 'not found; `npm i -g opencode-ai`, then start again';

function addressesOf(name: string, proxyPort: number) {
  return (port: number) => `http://${port}-${name}.${domain}:${proxyPort}/`;
}
