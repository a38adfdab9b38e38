/** A sandbox in a frame of another site: in a real browser, behind TLS. */
import http from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { type Browser, startBrowser } from '../support/browser.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { type Front, startNginx } from '../support/nginx.ts';
import { closeServer, listen, type Rig, startRig } from '../support/rig.ts';

const domain = 'proxy.localhost';

describeWith('nginx', 'a sandbox in a frame', () => {
  let rig: Rig;
  let certificate: Certificate;
  let nginx: Front;
  let browser: Browser;
  let frame = '';
  const parents: http.Server[] = [];
  const origins: string[] = [];

  beforeAll(async () => {
    // Two other sites, of which one is listed. To a browser each port of localhost is an origin.
    for (let i = 0; i < 2; i++) {
      const parent = http.createServer((_req, res) => {
        res.setHeader('Content-Type', 'text/html');
        res.end(`<iframe src="${frame}"></iframe>`);
      });
      parents.push(parent);
      origins.push(`http://127.0.0.1:${await listen(parent)}`);
    }
    rig = await startRig({
      app: (req, res) => {
        res.setHeader('Content-Type', 'text/html');
        const again = '<a href="/again">again</a>';
        res.end(`<h1>the app at ${req.url}</h1>${again}`);
      },
      env: {
        PROXY_DOMAIN: domain,
        ACCESS_MODE: 'private',
        TRUSTED_PROXIES: '127.0.0.1',
        EMBEDDING: 'partitioned',
        EMBEDDING_ORIGINS: origins[0] ?? '',
      },
    });
    certificate = makeCertificate([domain]);
    nginx = await startNginx({ domains: [domain], certificate, upstreamPort: rig.proxy.port });
    const host = `3000-${rig.sandbox.id}.${domain}:${nginx.httpsPort}`;
    frame = `https://${host}/first?DAYTONA_SANDBOX_AUTH_KEY=${rig.sandbox.token}`;
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await nginx?.close();
    await rig?.close();
    certificate?.remove();
    for (const parent of parents) await closeServer(parent);
  });

  test('has a session there, on a site that may frame it', async () => {
    const page = await browser.context.newPage();
    await page.goto(origins[0] ?? '');
    const inside = page.frameLocator('iframe');
    await inside.getByText('the app at /first').waitFor();
    await inside.getByText('again').click();
    await inside.getByText('the app at /again').waitFor();
    const cookies = await browser.context.cookies();
    expect(cookies).toContainEqual(
      expect.objectContaining({ name: '__Host-daytona-proxy', sameSite: 'None', secure: true }),
    );
  });

  test('is not shown on any other', async () => {
    const page = await browser.context.newPage();
    const blocked = page.waitForEvent('console');
    await page.goto(origins[1] ?? '');
    expect((await blocked).text()).toContain('frame-ancestors');
  });
});
