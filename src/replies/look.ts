import { createHash } from 'node:crypto';
import helmet from 'helmet';
import { styleOf } from './style.ts';
import { scriptHash } from './waitingPage.ts';

/** Whose pages ours should look like; all of it was checked when the configuration was read. */
export interface Brand {
  readonly name?: string | undefined;
  /** `https:` or `data:`. */
  readonly logoUrl?: string | undefined;
  /** `#rrggbb` */
  readonly color?: string | undefined;
}

export type Protect = ReturnType<typeof helmet>;

/** How pages of ours look, and the fields that let just that through. */
export interface Look {
  readonly brand: Brand;
  readonly style: string;
  /**
   * helmet's headers, for answers of our own and never for a sandbox's. HSTS is the operator's to
   * decide, and a page about a sandbox must show inside the frame where the sandbox was expected.
   */
  readonly protect: Protect;
  /** For the one page of ours with a script, which asks this host how its sandbox is. */
  readonly protectWaiting: Protect;
  /**
   * For a page with a form that comes back to it: without a referrer a browser would say
   * `Origin: null`. Where a form may lead is left open, because Chrome holds that against all
   * redirects behind it, and the sandbox may well answer with one to another host.
   */
  readonly protectForm: Protect;
}

/** Works out once what every page of a brand has in common. */
export function createLook(brand: Brand = {}): Look {
  const style = styleOf(brand.color);
  const shared = {
    defaultSrc: ["'none'"],
    styleSrc: [hashSource(style)],
    baseUri: ["'none'"],
    ...(brand.logoUrl !== undefined && { imgSrc: [sourceOf(brand.logoUrl)] }),
  };
  const closed = { ...shared, formAction: ["'none'"] };
  return {
    brand,
    style,
    protect: protection(closed),
    protectWaiting: protection({ ...closed, scriptSrc: [scriptHash], connectSrc: ["'self'"] }),
    protectForm: protection(shared, 'same-origin'),
  };
}

/** The look without a brand. */
export const plainLook = createLook();

/** Lets one inline style through a Content-Security-Policy that forbids all else. */
export function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function sourceOf(address: string): string {
  const { protocol, origin } = new URL(address);
  return protocol === 'data:' ? protocol : origin;
}

/** helmet's headers with a policy of just these directives, for answers of our own. */
export function protection(
  directives: Readonly<Record<string, string[]>>,
  policy: 'no-referrer' | 'same-origin' = 'no-referrer',
): Protect {
  return helmet({
    referrerPolicy: { policy },
    contentSecurityPolicy: { useDefaults: false, directives },
    frameguard: false,
    strictTransportSecurity: false,
    crossOriginResourcePolicy: { policy: 'cross-origin' },
  });
}
