import { createHash } from 'node:crypto';
import type { ProxyError } from './errors.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center }
main { max-width: 34rem; padding: 2rem }
h1 { font-size: 1.4rem; margin: 0 0 .5rem }
p { margin: .5rem 0 }
small { opacity: .7 }`;

/** Lets the page's one style through a Content-Security-Policy that forbids all else. */
export const styleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/** A small static page for people: what happened, what to do, which request it was. */
export function errorPage(error: ProxyError, requestId: string): string {
  const state = error.state
    ? `<p>Its state is <strong>${escapeHtml(error.state)}</strong>.</p>`
    : '';
  const small = `${error.status} ${error.code} · request ${escapeHtml(requestId)}`;
  return page(
    `${error.status} · ${error.code}`,
    error.message,
    `${state}<p><small>${small}</small></p>`,
  );
}

/** A page of ours that says one sentence. */
export function noticePage(sentence: string): string {
  return page(sentence, sentence, '');
}

/**
 * A page of ours.
 *
 * @param rest HTML
 * @param head HTML
 */
export function page(title: string, headline: string, rest: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>${style}</style>${head}
</head>
<body>
<main>
<h1>${escapeHtml(headline)}</h1>
${rest}
</main>
</body>
</html>
`;
}

/** Makes text of strangers harmless inside HTML, attributes included. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
