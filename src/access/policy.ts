import type { OriginMode } from '../exchange.ts';
import { isReserved } from './reservedPorts.ts';

export type AccessMode = 'open' | 'protected' | 'private';
export type LabelPolicy = 'off' | 'tighten' | 'full';

export interface PolicyRules {
  readonly mode: AccessMode;
  readonly labels: LabelPolicy;
}

/** What Daytona tells of a sandbox, as far as it decides who gets in. */
export interface SandboxPolicy {
  readonly public: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** What one port of a sandbox asks of a visitor. */
export interface Door {
  /** `closed` to everybody, `open` to everybody, or open to who shows a credential. */
  readonly state: 'closed' | 'open' | 'guarded';
  readonly origin: OriginMode | undefined;
}

/** From the loosest to the strictest; `protected` asks where Daytona's flag says private. */
const visibilities = ['public', 'protected', 'private'] as const;
type Visibility = (typeof visibilities)[number];

const origins: ReadonlySet<string> = new Set(['local', 'preserve', 'upstream', 'strip']);

/** True where the verdict on a port needs nothing from Daytona: everyone is asked anyway. */
export function asksEverybody({ mode, labels }: PolicyRules): boolean {
  return mode === 'private' && labels !== 'full';
}

/** Decides what a port asks for, by the mode, Daytona's flag and the sandbox's labels. */
export function doorOf(rules: PolicyRules, port: number, sandbox: SandboxPolicy): Door {
  const visibility = visibilityOf(rules, port, sandbox);
  const label = (name: string) => (rules.labels === 'off' ? undefined : sandbox.labels[name]);
  const origin = label(`preview.origin/${port}`) ?? label('preview.origin');
  return {
    state: stateOf(rules.mode, visibility, port, sandbox.public),
    origin: origin !== undefined && origins.has(origin) ? (origin as OriginMode) : undefined,
  };
}

function stateOf(
  mode: AccessMode,
  visibility: Visibility,
  port: number,
  isPublic: boolean,
): Door['state'] {
  if (isReserved(port)) return mode === 'open' ? 'closed' : 'guarded';
  if (visibility === 'public') return 'open';
  return visibility === 'protected' && isPublic ? 'open' : 'guarded';
}

/** What the mode says, as far as the labels may not change it. */
function visibilityOf(rules: PolicyRules, port: number, { labels }: SandboxPolicy): Visibility {
  const base = rules.mode === 'open' ? 'public' : rules.mode;
  if (rules.labels === 'off') return base;
  const text = labels[`preview.visibility/${port}`] ?? labels['preview.visibility'];
  // A label that nobody can read was meant to say something: the strictest is the safe reading.
  const wanted =
    text === undefined ? base : (visibilities.find((name) => name === text) ?? 'private');
  if (rules.labels === 'full') return wanted;
  return visibilities.indexOf(wanted) > visibilities.indexOf(base) ? wanted : base;
}
