import type { Look } from './look.ts';

/** What one page of ours says. */
export interface PageContent {
  readonly headline: string;
  /** Of the tab; the headline unless given. */
  readonly title?: string;
  /** HTML behind the headline. */
  readonly body: string;
  /** HTML for the document's head. */
  readonly head?: string;
  /** Text at the foot, before the request's id. */
  readonly foot?: string;
}

/** Writes a page of ours: the brand, what it says, and which request it was. */
export function page({ brand, style }: Look, content: PageContent, requestId: string): string {
  const { headline, title = headline, body, head = '', foot } = content;
  const whole = brand.name === undefined ? title : `${title} – ${brand.name}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escapeHtml(whole)}</title>
<style>${style}</style>${head}
</head>
<body>
${banner(brand)}<main>
<h1>${escapeHtml(headline)}</h1>
${body}
</main>
<footer>
<p>${foot === undefined ? '' : `${escapeHtml(foot)} · `}Request <code>${escapeHtml(requestId)}</code></p>
</footer>
</body>
</html>
`;
}

/** A page of ours that says one sentence. */
export function noticePage(sentence: string): PageContent {
  return { headline: sentence, body: '' };
}

/** The logo says nothing that the name does not; alone it is the name. */
function banner({ name, logoUrl }: Look['brand']): string {
  if (name === undefined && logoUrl === undefined) return '';
  const alt = name === undefined ? 'Logo' : '';
  const logo =
    logoUrl === undefined
      ? ''
      : `<img src="${escapeHtml(logoUrl)}" alt="${alt}" referrerpolicy="no-referrer">`;
  return `<header>${logo}${name === undefined ? '' : `<span>${escapeHtml(name)}</span>`}</header>\n`;
}

/** Makes text of strangers harmless inside HTML, attributes included. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
