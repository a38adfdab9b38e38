/** What is under docker/monitoring, against what the proxy really tells. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type ErrorCode, ProxyError } from '../../../src/replies/errors.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { ask, openWebSocket } from '../../support/client.ts';
import { echoSockets } from '../../support/echo.ts';
import { eventually } from '../../support/eventually.ts';
import { type Rig, startRig } from '../../support/rig.ts';
import { metricsIn, type Sample, samplesIn } from '../../support/scrape.ts';

const read = (name: string) =>
  readFileSync(new URL(`../../../docker/monitoring/${name}`, import.meta.url), 'utf8');

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly description: string };
}
const { panels, templating } = JSON.parse(read('dashboard.json'));
const { rules } = parse(read('alerts.yml')).groups[0] as { rules: Rule[] };
const expressions = [
  ...(panels as Panel[]).flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => [title, expr, legendFormat] as const),
  ),
  ...rules.map(
    ({ alert, expr, annotations }) =>
      [alert, expr, annotations.summary.replace(/\$labels\./g, '')] as const,
  ),
];
/** Prometheus's own, which every target has. */
const ofScrapes = ['instance', 'job'];

let rig: Rig;
let text: string;
let samples: Sample[];

beforeAll(async () => {
  rig = await startRig({
    app: (req, res) => void (req.url === '/silent' ? rig.app.emit('silent') : res.end('ok')),
    env: { METRICS_PORT: '0', CACHE_TTL: '600000' },
  });
  echoSockets(rig.app);
  const send = (what = {}) => ask(rig.proxy.port, { host: rig.host(), ...what });
  await send();
  await send({ method: 'POST' });
  await send({ host: rig.host(22222) });
  await send({ host: 'localhost', path: '/health' });
  const { socket } = await openWebSocket(rig.proxy.port, rig.host());
  socket.terminate();
  const silent = once(rig.app, 'silent');
  const leaving = net.connect(rig.proxy.port, '127.0.0.1');
  leaving.write(`GET /silent HTTP/1.1\r\nHost: ${rig.host()}\r\n\r\n`);
  await silent;
  leaving.destroy();
  rig.daytona.faults.startStatus = 500;
  const other = rig.daytona.sandboxes.create({ state: 'stopped' });
  await send({ host: rig.host(3000, other), method: 'POST', headers: { 'x-proxy-wait': '0' } });
  await eventually(() => rig.daytona.callsOf('POST', /\/start$/).length > 0);
  rig.daytona.faults.apiStatus = 401;
  await send({ host: '3000-unknown.proxy.test' });
  rig.daytona.faults.apiStatus = 500;
  await send({ host: '3000-another.proxy.test' });
  const called = () => ask(rig.proxy.metricsPort ?? 0, { host: 'localhost', path: '/metrics' });
  const late = ['call="start"', 'outcome="left"'];
  await eventually(async () => {
    const { body } = await called();
    return late.every((one) => body.includes(one));
  });
  text = (await called()).body;
  samples = samplesIn(text);
});
afterAll(() => rig.close());

/** The metrics of an expression, each with what it asks of labels. */
function selectorsIn(expr: string): { metric: string; labels: [string, string, string][] }[] {
  const found = expr.matchAll(/\b((?:daytona_proxy|nodejs|process)_\w+|up)\b(?:\{([^}]*)\})?/g);
  return [...found].map(([, metric = '', inside = '']) => ({
    metric,
    labels: [...inside.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].map(
      ([, name = '', how = '', value = '']) => [name, how, value],
    ),
  }));
}

/** The labels of a metric: of its samples, and of those of its family. */
const labelsOf = (metric: string) =>
  new Set(
    samples.filter(({ name }) => name === metric).flatMap(({ labels }) => Object.keys(labels)),
  );

const family = (metric: string) => metric.replace(/_(?:bucket|count|sum)$/, '');

/** True for a value that the label has at the moment, or could have: a code of our errors. */
function couldBe(metric: string, label: string, value: string): boolean {
  if (samples.some(({ name, labels }) => name === metric && labels[label] === value)) return true;
  if (label !== 'outcome') return false;
  try {
    return new ProxyError(value as ErrorCode).status > 0;
  } catch {
    return false;
  }
}

test('there are panels and rules', () => {
  expect(expressions.length).toBeGreaterThan(40);
});

describe.each(expressions)('%s: %s', (_title, expr, legend) => {
  test('asks for metrics, labels and values that there are', () => {
    const selectors = selectorsIn(expr);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { metric, labels } of selectors) {
      if (metric === 'up') continue;
      const known = metricsIn(text);
      expect([metric, known.includes(metric) || known.includes(family(metric))]).toEqual([
        metric,
        true,
      ]);
      const has = labelsOf(metric);
      for (const [label, how, value] of labels) {
        if (ofScrapes.includes(label)) continue;
        expect([metric, label, has.has(label)]).toEqual([metric, label, true]);
        const values = how.endsWith('~') ? value.split('|') : [value];
        for (const one of values) {
          expect([metric, label, one, couldBe(metric, label, one)]).toEqual([
            metric,
            label,
            one,
            true,
          ]);
        }
      }
    }
  });

  test('groups by labels and shows labels that there are', () => {
    const has = new Set(selectorsIn(expr).flatMap(({ metric }) => [...labelsOf(metric)]));
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) =>
      names.split(/, ?/),
    );
    const shown = [...legend.matchAll(/\{\{ ?(\w+) ?\}\}/g)].map(([, name = '']) => name);
    for (const name of [...grouped, ...shown]) {
      expect([name, has.has(name) || ofScrapes.includes(name)]).toEqual([name, true]);
    }
    // What the expression has added up, its legend cannot show.
    if (grouped.length > 0) for (const name of shown) expect(grouped).toContain(name);
  });
});

test.each(rules.filter(({ expr }) => expr.includes('increase(')))(
  'the first event of $alert is a rise: what it counts is there from 0',
  async ({ expr }) => {
    const fresh = samplesIn(await createMetrics().scrape());
    for (const { metric, labels } of selectorsIn(expr)) {
      const series = fresh.filter(({ name }) => name === metric);
      expect([metric, series.length > 0]).toEqual([metric, true]);
      for (const [label, how, value] of labels) {
        const has = series.map((one) => one.labels[label]);
        expect(has).toEqual(expect.arrayContaining(how === '=~' ? value.split('|') : [value]));
      }
    }
  },
);

test('every metric of ours has a panel or a rule', () => {
  const used = new Set(
    expressions.flatMap(([, expr]) => selectorsIn(expr).map(({ metric }) => family(metric))),
  );
  const ours = metricsIn(text).filter((name) => name.startsWith('daytona_proxy_'));
  expect(ours.length).toBeGreaterThan(15);
  expect(ours.filter((name) => !used.has(name))).toEqual([]);
});

test('every rule says what to do, and the dashboard chooses among instances that there are', () => {
  for (const { annotations } of rules) {
    expect(annotations.description.length).toBeGreaterThan(20);
    expect(annotations.summary.length).toBeGreaterThan(10);
  }
  const [, { query }] = templating.list;
  const [metric] = selectorsIn(query.query);
  expect(metricsIn(text)).toContain(metric?.metric);
});

test('the scrape example reads the rules and knows their job', () => {
  const { rule_files: files, scrape_configs: jobs } = parse(read('prometheus.yml'));
  expect(files).toEqual(['alerts.yml']);
  const asked = rules.flatMap(({ expr }) =>
    [...expr.matchAll(/job="([^"]*)"/g)].map(([, job]) => job),
  );
  expect(new Set(asked)).toEqual(
    new Set(jobs.map(({ job_name: name }: { job_name: string }) => name)),
  );
});
