import { z } from 'zod';
import { off, type Variable, variable } from './schemas.ts';

/** Only what may stand in a Content-Security-Policy as it is: no `;`, no `*`, no quotes. */
const plainOrigin = /^https:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/;
const image = /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)[;,][\x21-\x7e]+$/;
/** It stands in every page of ours. */
const longestLogo = 65_536;

const logo = z.string().transform((text, ctx) => {
  if (text.length <= longestLogo && image.test(text)) return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && plainOrigin.test(url.origin) && !url.username && !url.password;
  if (plain && text.length <= 2_048) return url.href;
  ctx.addIssue('must be the https: address of an image, or a data: image of at most 64 KiB');
  return z.NEVER;
});

/** What makes pages of ours look like the operator's product. */
export const brandVariables = {
  BRAND_NAME: variable(
    off.or(z.string().regex(/^\P{C}{1,60}$/u, 'must have at most 60 characters, all printable')),
    '',
    'Example Sandboxes',
    'The name that stands at the top of our own pages.',
  ),
  BRAND_LOGO_URL: variable(
    off.or(logo),
    '',
    'https://www.example.com/logo.svg',
    'The logo beside it: an `https:` address, or a `data:` image.',
  ),
  BRAND_COLOR: variable(
    off.or(
      z
        .string()
        .regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as #3b6ea8')
        .transform((text) => text.toLowerCase()),
    ),
    '',
    '#3b6ea8',
    'The colour of their edge and buttons, as `#rrggbb`; text on it is black or white, whichever reads better.',
  ),
} satisfies Record<string, Variable<unknown>>;
