import type { EgressRule } from '../config/egressVariables.ts';
import type { EgressTarget } from './target.ts';

/** True where a rule names the target's host and port; for plain HTTP that port has to be 80. */
export function isAllowed(rules: readonly EgressRule[], target: EgressTarget): boolean {
  if (target.plain && target.port !== 80) return false;
  return rules.some((rule) => rule.port === target.port && names(rule, target.host));
}

/** A wildcard stands for one label or more, so `*.example.com` does not name `example.com`. */
function names({ host, wildcard }: EgressRule, asked: string): boolean {
  return wildcard ? asked.endsWith(`.${host}`) : asked === host;
}

/** Says in one sentence what the operator has to change for a target that no rule names. */
export function whyNotAllowed(rules: readonly EgressRule[], target: EgressTarget): string {
  const { host, port, plain } = target;
  const shown = host.includes(':') ? `[${host}]` : host;
  if (plain && port !== 80) {
    return `Plain HTTP is carried to port 80 only, and only where EGRESS_ALLOW lists it: use https for ${shown}.`;
  }
  const others = rules.filter((rule) => names(rule, host)).map((rule) => rule.port);
  const entry = port === 443 ? shown : `${shown}:${port}`;
  if (others.length > 0) {
    return `${shown} is allowed on port ${others.join(', ')} and not on ${port}. To allow it, add ${entry} to EGRESS_ALLOW.`;
  }
  return `${shown} is not on the list of allowed hosts. To allow it, add ${entry} to EGRESS_ALLOW.`;
}
