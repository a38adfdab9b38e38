import type { Frame, Page } from 'playwright-core';

/** What a browser itself says of a page of ours. */
export interface Audit {
  readonly headlines: readonly string[];
  readonly language: string;
  readonly landmarks: readonly string[];
  /** The least contrast of any visible text to what is behind it, and that text. */
  readonly contrast: { readonly ratio: number; readonly text: string };
  readonly scheme: 'light' | 'dark';
  readonly scrollsSideways: boolean;
  readonly quirks: boolean;
}

/** Runs inside the page; by WCAG 2.2's formula, with computed colours. */
const script = `(() => {
  const parts = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [r, g, b] = color.map((part) => {
      const c = part / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const [r, g, b, alpha = 1] = parts(getComputedStyle(one).backgroundColor);
      if (alpha > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  let contrast = { ratio: 21, text: '' };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim();
    const element = node.parentElement;
    if (!text || element.matches('script, noscript') || !element.checkVisibility()) continue;
    const color = parts(getComputedStyle(element).color).slice(0, 3);
    const [low, high] = [luminance(color), luminance(behind(element))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < contrast.ratio) contrast = { ratio, text };
  }
  const { documentElement: root } = document;
  return {
    headlines: [...document.querySelectorAll('h1')].map((one) => one.textContent),
    language: root.lang,
    landmarks: [...document.body.children].map((one) => one.localName),
    contrast,
    scheme: luminance(behind(document.body)) < 0.2 ? 'dark' : 'light',
    scrollsSideways: root.scrollWidth > root.clientWidth,
    quirks: document.compatMode !== 'CSS1Compat',
  };
})()`;

export function audit(page: Page | Frame): Promise<Audit> {
  return page.evaluate(script) as Promise<Audit>;
}

/** Collects what a browser complains of, but for the status, which it counts as a complaint too. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    const text = message.text();
    if (!text.startsWith('Failed to load resource: the server responded with a status of')) {
      complaints.push(text);
    }
  });
  return complaints;
}
