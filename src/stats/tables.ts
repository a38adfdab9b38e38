import { escapeHtml } from '../replies/page.ts';
import type { Report, Row } from './report.ts';

interface Table {
  readonly rows: 'errors' | 'sandboxes' | 'instances';
  readonly title: string;
  readonly columns: readonly string[];
  readonly none: string;
  readonly look: string;
  /** HTML below the title. */
  readonly intro: string;
  /** HTML beside the title. */
  readonly beside: string;
  /** True where a row has a button that forgets what it is about. */
  readonly forgets: boolean;
}

const forgetAll =
  '<form class="forget" method="post" action="/stats/forget"><input type="hidden" name="all" value="yes"><button>Forget all</button></form>';

export const tables: readonly Table[] = [
  {
    rows: 'errors',
    title: 'Errors',
    columns: ['Code', 'Last minute', 'Last hour'],
    none: 'None in the last hour.',
    look: 'codes',
    intro: '',
    beside: '',
    forgets: false,
  },
  {
    rows: 'sandboxes',
    title: 'Cached sandboxes',
    columns: ['Sandbox and port', 'Age', 'Remaining', 'Open', 'Last request'],
    none: 'None at the moment.',
    look: 'keys',
    intro:
      '<p class="quiet"><span data-text="totalCached"></span> known. <span data-text="shown"></span> What is forgotten, Daytona is asked for anew by the next request; open connections stay.</p>',
    beside: forgetAll,
    forgets: true,
  },
  {
    rows: 'instances',
    title: 'Instances',
    columns: [
      'Instance',
      'Requests a second',
      'p95',
      'Failed, last minute',
      'WebSockets',
      'Cached',
      'Up for',
      'Version',
    ],
    none: '',
    look: '',
    intro: '',
    beside: '',
    forgets: false,
  },
];

/**
 * A table with its rows, and a template by which the page's script makes more of them. The roles
 * are there because a table that a phone shows as blocks would lose its own.
 */
export function tableHtml(table: Table, report: Report, fill: (html: string) => string): string {
  const { rows, title, columns, none, look, intro, beside } = table;
  const heads = columns.map((column) => `<th role="columnheader" scope="col">${column}</th>`);
  if (table.forgets) heads.push('<td role="cell"></td>');
  return `<section class="card wide" aria-labelledby="${rows}">
<div class="title"><h2 id="${rows}" tabindex="-1">${title}</h2>${beside}</div>
${fill(intro)}
<table role="table" class="${look}" aria-labelledby="${rows}">
<thead role="rowgroup"><tr role="row">${heads.join('')}</tr></thead>
<tbody role="rowgroup" data-rows="${rows}" data-none="${none}">${report[rows].map((row) => rowHtml(table, row)).join('')}</tbody>
</table>
<template id="row-${rows}">${rowHtml(table, { key: '', cells: columns.map(() => '') })}</template>
</section>`;
}

function rowHtml({ columns, forgets }: Table, { key, cells }: Row): string {
  const shown = cells.map((cell, i) =>
    i === 0
      ? `<th role="rowheader" scope="row">${escapeHtml(cell)}</th>`
      : `<td role="cell" data-label="${columns[i]}">${escapeHtml(cell)}</td>`,
  );
  const name = escapeHtml(key);
  if (forgets) {
    shown.push(
      `<td role="cell"><form class="forget" method="post" action="/stats/forget"><input type="hidden" name="key" value="${name}"><button aria-label="Forget ${name}">Forget</button></form></td>`,
    );
  }
  return `<tr role="row" data-key="${name}">${shown.join('')}</tr>`;
}
