/** The network request's test 2: what runs in a sandbox reaches the hosts that it may, and no other. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { type Caller, environmentOf, freePort, makeCaller, serving } from '../support/command.ts';
import { type EgressRig, egressSecret, startEgressRig } from '../support/egressRig.ts';
import { describeWithLowPorts } from '../support/lowPorts.ts';
import { type Rig, startRig } from '../support/rig.ts';

const name = 'openrouter.ai';
/** The request's own line, which runs as the command of a sandbox. */
const curl = `curl -X POST https://openrouter.ai/api/v1/chat/completions \\
  -H "Authorization: Bearer $API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model":"anthropic/claude-sonnet-4","messages":[{"role":"user","content":"Hello"}]}'`;

describeWithLowPorts('curl in a sandbox', () => {
  let rig: Rig;
  let way: EgressRig;
  let caller: Caller;

  beforeAll(async () => {
    rig = await startRig({ env: { PROXY_DOMAIN: 'proxy.localhost' } });
    way = await startEgressRig({
      allow: name,
      // An address of loopback's own, so that HTTPS's own port is free on it.
      server: { address: '127.80.80.81', port: 443, name },
      app: (req, res) => {
        let body = '';
        req.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        req.on('end', () => {
          const { model } = JSON.parse(body);
          res.end(JSON.stringify({ model, path: req.url, key: req.headers.authorization }));
        });
      },
    });
    const own = { EGRESS_URL: `http://127.0.0.1:${way.egress.port}`, EGRESS_SECRET: egressSecret };
    caller = makeCaller({ ...environmentOf(rig), ...own });
  });

  afterAll(async () => {
    caller.remove();
    await way.close();
    await rig.close();
  });

  /** What a command in a new sandbox prints, which the sandbox then serves. */
  const insideSays = async (command: string, ...args: string[]) => {
    const port = await freePort();
    const env = [`API_KEY=sk-1`, `CURL_CA_BUNDLE=${way.certificate.certPath}`];
    const line = `SAID=$(${command} 2>&1); export SAID; ${serving(port, "'+process.env.SAID+'")}`;
    const answer = await caller.json(
      ['sandbox', 'create', '--port', String(port), '--command', line].concat(
        env.flatMap((each) => ['--env', each]),
        args,
      ),
    );
    const { host } = new URL(answer.url);
    return { id: answer.id, said: (await ask(rig.proxy.port, { host })).body };
  };

  test('posts to the host of the request', async () => {
    const { id, said } = await insideSays(`${curl} --silent --show-error`, '--egress');
    expect(JSON.parse(said)).toEqual({
      model: 'anthropic/claude-sonnet-4',
      path: '/api/v1/chat/completions',
      key: 'Bearer sk-1',
    });
    expect(await way.carried(1)).toMatchObject([{ sandbox: id, host: name, port: 443 }]);
  });

  test('reaches no other host', async () => {
    const { said } = await insideSays('curl -sS https://example.com/', '--egress');
    expect(said).toMatch(/CONNECT tunnel failed, response 403/);
  });
});
