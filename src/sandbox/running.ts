import { asProxyError, ProxyError } from '../replies/errors.ts';
import type { SandboxFacts } from './daytona.ts';
import { readState } from './state.ts';

/** One that sleeps may have no link: then its facts tell more, if they are to be had. */
export function sleeping(error: unknown): ProxyError {
  const { code } = asProxyError(error);
  if (code === 'SANDBOX_NOT_RUNNING') return asProxyError(error);
  throw error;
}

/** @throws ProxyError SANDBOX_NOT_RUNNING or SANDBOX_NOT_FOUND */
export function requireRunning({ state }: SandboxFacts): void {
  const reading = readState(state);
  if (reading === 'gone') throw new ProxyError('SANDBOX_NOT_FOUND');
  if (reading !== 'running') throw new ProxyError('SANDBOX_NOT_RUNNING', { state, retryAfter: 2 });
}
