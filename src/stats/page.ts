import { escapeHtml } from '../replies/page.ts';
import type { Report } from './report.ts';
import { style } from './style.ts';
import { tableHtml, tables } from './tables.ts';

interface Card {
  readonly id: string;
  readonly title: string;
  /** Name of a text of the report, what it is, and the colour of its line in the plot. */
  readonly figures: readonly (readonly [text: string, label: string, colour?: 'a' | 'b' | 'c'])[];
  /** HTML. */
  readonly more: string;
  /** What is drawn; the plot's name in the report is the card's. */
  readonly plot: string;
}

const cards: readonly Card[] = [
  {
    id: 'requests',
    title: 'Requests',
    figures: [['rate', 'a second']],
    more: '<span data-text="requestsHour"></span> in the last hour, <span data-text="openRequests"></span> under way',
    plot: 'Requests a second',
  },
  {
    id: 'latency',
    title: 'Time to the first byte',
    figures: [
      ['p50', 'p50', 'a'],
      ['p95', 'p95', 'b'],
      ['p99', 'p99', 'c'],
    ],
    more: 'of the last minute; p95 of the hour <span data-text="p95Hour"></span>',
    plot: 'Quantiles of the time to the first byte',
  },
  {
    id: 'failed',
    title: 'Failed',
    figures: [['failed', 'in the last minute']],
    more: '<span data-text="failedHour"></span> in the last hour, <span data-text="failedPart"></span> of all requests',
    plot: 'Failed requests a minute',
  },
  {
    id: 'hitRate',
    title: 'Cache hits',
    figures: [['hitRate', 'of lookups']],
    more: 'in the last hour hits: <span data-text="hitsHour"></span>, misses: <span data-text="missesHour"></span>',
    plot: 'Part of lookups that the cache answered',
  },
  {
    id: 'open',
    title: 'Open',
    figures: [
      ['sockets', 'WebSockets'],
      ['streams', 'event streams'],
    ],
    more: 'on <span data-text="connections"></span> connections of visitors',
    plot: 'Open WebSockets and event streams',
  },
  {
    id: 'api',
    title: 'Daytona API',
    figures: [
      ['apiCalls', 'calls in the last minute'],
      ['apiP95', 'p95'],
    ],
    more: 'p50 <span data-text="apiP50"></span>; <span data-text="apiFailuresHour"></span> failed in the last hour',
    plot: 'Calls of the Daytona API a minute',
  },
  {
    id: 'limited',
    title: 'Turned away',
    figures: [
      ['limited', 'over a limit', 'a'],
      ['refused', 'not allowed', 'b'],
    ],
    more: 'in the last minute; in the last hour <span data-text="limitedHour"></span> and <span data-text="refusedHour"></span>',
    plot: 'Requests over a limit, and not allowed, a minute',
  },
];

/**
 * The page for operators, with every figure in it as text; its script keeps them up to date and
 * draws the plots.
 *
 * @param mayLeave true where somebody showed the token and may take that back
 */
export function statsPage(report: Report, mayLeave: boolean): string {
  const fill = (html: string) =>
    html.replace(
      /data-text="(\w+)">/g,
      (start, name) => `${start}${escapeHtml(report.texts[name] ?? '')}`,
    );
  const leave = '<form method="post" action="/stats/logout"><button>Sign out</button></form>';
  return documentOf(
    'Statistics',
    '<noscript><meta http-equiv="refresh" content="10"></noscript><script type="module" src="/stats/page.js"></script>',
    `<a class="skip" href="#main">To the figures</a>
${fill(`<header>
<h1>daytona-proxy</h1>
<p class="quiet about">version <span data-text="version"></span>, up for <span data-text="uptime"></span>, store: <span data-text="store"></span>, instances: <span data-text="instanceCount"></span></p>
<p id="status" role="status">as of this moment</p>
<button id="pause" type="button" hidden>Pause</button>
${mayLeave ? leave : ''}
</header>`)}
<main id="main" tabindex="-1">
<div class="cards">
${cards.map((card) => fill(cardHtml(card))).join('\n')}
</div>
${tables.map((table) => tableHtml(table, report, fill)).join('\n')}
</main>`,
  );
}

/** The form in which STATS_TOKEN is shown, once. */
export function loginPage(complaint = ''): string {
  const problem = complaint && `<p class="bad" role="alert">${escapeHtml(complaint)}</p>`;
  return documentOf(
    'Statistics',
    '',
    `<main class="login card">
<h1>Statistics of this proxy</h1>
${problem}
<form method="post" action="/stats/login">
<input autocomplete="username" value="operator" hidden>
<label for="token">STATS_TOKEN</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Show</button>
</form>
<p class="quiet">Programs send it as a bearer token.</p>
</main>`,
  );
}

function cardHtml({ id, title, figures, more, plot }: Card): string {
  const shown = figures.map(([text, label, colour]) => {
    const key = colour ? ` class="key ${colour}"` : '';
    return `<div><dt${key}>${label}</dt><dd data-text="${text}"></dd></div>`;
  });
  return `<section class="card" id="card-${id}" aria-labelledby="title-${id}">
<h2 id="title-${id}">${title}</h2>
<dl class="figures">${shown.join('')}</dl>
<p class="quiet">${more}</p>
<figure><svg data-plot="${id}" viewBox="0 0 300 64" preserveAspectRatio="none" role="img" aria-label="${plot}, over the last hour"></svg>
<figcaption><span>last hour</span><span>at most <span data-text="${id}Top"></span></span></figcaption></figure>
</section>`;
}

/** @param head HTML @param body HTML */
function documentOf(title: string, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${title} · daytona-proxy</title>
<link rel="icon" href="data:,">
<style>${style}</style>${head}
</head>
<body>
${body}
</body>
</html>
`;
}
