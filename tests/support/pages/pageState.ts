import type { Page } from 'playwright-core';
import type { ErrorCode } from '../../../src/replies/errors.ts';
import { type Answer, ask } from '../client.ts';
import { eventually } from '../eventually.ts';
import { type Rig, type RigOptions, startRig } from '../rig.ts';

export const domain = 'proxy.localhost';

/** One page of ours, and how it comes about at the real proxy. */
export interface PageState {
  readonly name: string;
  /** Undefined for a page that is no error. */
  readonly code?: ErrorCode;
  readonly status: number;
  readonly headline: string;
  readonly rig?: RigOptions;
  /** In the place of `rig`, for one that takes more to come about. */
  readonly start?: () => Promise<Rig>;
  /** Sent along by the browser. */
  readonly headers?: Record<string, string>;
  /** Brings about what the page tells of; called before each visit. */
  readonly prepare?: (rig: Rig) => unknown;
  /** What is opened; the sandbox's port 3000 if not given. */
  readonly address?: (rig: Rig) => string | Promise<string>;
  /** What still happens between the visit and the page. */
  readonly arrive?: (page: Page, rig: Rig) => Promise<void>;
  /** True for one that its own script brings about. */
  readonly scripted?: true;
  /** True for one that no other site may frame. */
  readonly unframed?: true;
}

/** The address of a sandbox's port, as a browser on this machine opens it. */
export function addressOf({ proxy, sandbox }: Rig, port = 3000, id = sandbox.id): string {
  return `http://${port}-${id}.${domain}:${proxy.port}/`;
}

/** An address on the bare domain. */
export function bareAddress({ proxy }: Rig, path = '/'): string {
  return `http://${domain}:${proxy.port}${path}`;
}

/** One request of a program's, or with `accept` of a person's. */
export function request(rig: Rig, address: string, headers = {}): Promise<Answer> {
  const { host, pathname, search } = new URL(address);
  return ask(rig.proxy.port, { host, path: pathname + search, headers });
}

/** Visits an address until the proxy answers it with a code. */
export async function until(rig: Rig, address: string, code: ErrorCode): Promise<void> {
  const headers = { accept: 'text/html' };
  const met = async () => (await request(rig, address, headers)).headers['x-proxy-error'] === code;
  if (!(await eventually(met))) throw new Error(`no ${code} at ${address}`);
}

/** Starts the whole product for one state. */
export function startFor({ rig = {}, start }: PageState): Promise<Rig> {
  if (start) return start();
  return startRig({
    app: (req, res) => res.end(`app ${req.url}`),
    ...rig,
    env: { PROXY_DOMAIN: domain, ...rig.env },
  });
}

/** Leads a browser to the page. */
export async function visit(page: Page, rig: Rig, state: PageState): Promise<void> {
  await state.prepare?.(rig);
  await page.goto((await state.address?.(rig)) ?? addressOf(rig));
  await state.arrive?.(page, rig);
}
