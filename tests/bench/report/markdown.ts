import type { Contender } from '../contenders/contender.ts';
import type { Figure } from './figure.ts';
import type { Verdict } from './targets.ts';

/** Below this share of its core a contender was waiting for the load. */
const busyAtLeast = 0.9;

/** The targets, and whether they are reached. */
export function targetTable(verdicts: readonly Verdict[], columns: readonly Contender[]): string {
  const rows = verdicts.map(({ target, figure, ours, peers, reached }) => {
    const peer = columns.find(({ id }) => id === target.of)?.name ?? target.of;
    const sign = figure.better === 'more' ? '≥' : '≤';
    const ratio = ours !== undefined && peers ? `${(ours / peers).toFixed(2)} ×` : '';
    return [
      figure.label,
      number(ours, figure.digits),
      peer === undefined
        ? `${sign} ${target.bound}`
        : `${sign} ${target.bound.toFixed(1)} × ${peer} (${number(peers, figure.digits)})`,
      ratio,
      reached === undefined ? 'not measured' : reached ? '✓' : '✗ missed',
    ];
  });
  return table(['measure', 'daytona-proxy', 'must reach', 'ratio', ''], rows);
}

/** All medians; in parentheses how many times as good daytona-proxy is. */
export function figureTable(
  figures: readonly Figure[],
  columns: readonly Contender[],
  ourId: string,
): string {
  const rows = figures.map((figure) => [
    figure.label,
    ...columns.map(({ id }) => cell(figure, id, ourId)),
  ]);
  return table(['median of the rounds', ...columns.map(({ name }) => name)], rows);
}

function cell(figure: Figure, id: string, ourId: string): string {
  const [value, ours] = [figure.median(id), figure.median(ourId)];
  if (value === undefined) return '–';
  const waited = (figure.busy(id) ?? 1) < busyAtLeast ? '\\*' : '';
  const text = number(value, figure.digits) + waited;
  if (id === ourId) return `**${text}**`;
  if (!figure.ratios || ours === undefined) return text;
  const times = figure.better === 'more' ? ours / value : value / ours;
  // An added latency may be below zero, by chance.
  return times > 0 ? `${text} (${times.toFixed(2)} ×)` : text;
}

export const footnote = `In parentheses: how many times as good daytona-proxy is. \\* used less than ${100 * busyAtLeast} % of its core: the load was at its limit, not the proxy.`;

function number(value: number | undefined, digits: number): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value?.toLocaleString('en', options) ?? '–';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
