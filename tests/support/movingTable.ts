import { STATUS_CODES } from 'node:http';
import { daytonaProxy } from '../corpus/daytonaProxy.ts';
import type { Fields, MovingRow, Outcome, Settings } from '../corpus/daytonaProxyCase.ts';

/** How the README tells that a row is about other settings than the usual. */
const told: Readonly<Record<Settings, string | undefined>> = {
  usual: undefined,
  'behind HTTPS': '`PROXY_PROTOCOL=https`',
  'no organization key': 'without `DAYTONA_API_KEY`',
  warning: '`PREVIEW_WARNING_ENABLED=true`',
  'toolbox only': '`TOOLBOX_ONLY_MODE=true`',
  'redirects followed': '`FOLLOW_REDIRECTS=10`',
  'cookie domain': '`COOKIE_DOMAIN=.{domain}`',
};

/** Writes all rows as the README has them: a Markdown table for each theme. */
export function movingTable(): string {
  return daytonaProxy
    .map(({ theme, rows }) =>
      [
        `**${theme}**`,
        '',
        '| request | Daytona’s own | here | why |',
        '|---|---|---|---|',
        ...rows.map(movingLine),
      ].join('\n'),
    )
    .join('\n\n');
}

/** Writes one row as a line of the README. */
export function movingLine({ name, request, daytona, ours, why }: MovingRow): string {
  const settings = told[request.settings ?? 'usual'];
  const asked = settings === undefined ? name : `${name} (${settings})`;
  const here = outcomeText(ours);
  const cells = daytona === undefined ? [here, 'the same', ''] : [daytona, here, why ?? ''];
  return `| ${[asked, ...cells].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Says an outcome in words. */
export function outcomeText(outcome: Outcome): string {
  const { headers, seen, atRunner, times, starts, counts } = outcome;
  const parts = [answerText(outcome)];
  if (headers) parts.push(fieldsText(headers));
  if (seen) parts.push(`the app sees ${fieldsText(seen)}`);
  if (atRunner) parts.push(`the runner sees ${fieldsText(atRunner)}`);
  if (times === 1) parts.push('is sent once');
  if (starts === true) parts.push('the sandbox is started');
  if (counts !== undefined) parts.push(counts ? 'is use' : 'is no use');
  return parts.join('; ');
}

function answerText({ status, from, code, page }: Outcome): string {
  if (from !== 'proxy') {
    const whose = from === 'app' ? 'the app’s' : 'the toolbox’s';
    return status === 200 ? `${whose} answer` : `${whose} ${status}`;
  }
  const what = code === undefined ? STATUS_CODES[status] : `\`${code}\``;
  return `${status} ${what}${page === undefined ? '' : ', a page'}`;
}

function fieldsText(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      if (value === null) return `no \`${name}\``;
      return name === 'url' || name === 'method' ? `\`${value}\`` : `\`${name}: ${value}\``;
    })
    .join(', ');
}
