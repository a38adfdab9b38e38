import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** What the tests look at of a service; the schema has already said that it is of this form. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?:
    | readonly string[]
    | Readonly<Record<string, { readonly ipv4_address: string }>>;
  /** It is there only where one of them is asked for. */
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly cgroup?: string;
}

export interface ComposeNetwork {
  readonly internal?: boolean;
  readonly ipam?: { readonly config: readonly { subnet: string; ip_range: string }[] };
}

/** A compose file with all that it includes. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, ComposeNetwork | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** The names of the networks that a service is in. */
export const networksOf = ({ networks = [] }: ComposeService): readonly string[] =>
  Array.isArray(networks) ? networks : Object.keys(networks);

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The text of a file of the repository. */
export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The document in a YAML file, merge keys carried out; nothing is put in for `${…}`. */
export const parseYaml = (text: string): unknown => parse(text, { merge: true });

/** The names of all `${…}` in a text. */
export const variablesIn = (text: string): string[] => [
  ...new Set([...text.matchAll(variable)].map(([, name = '']) => name)),
];

// `$$` is a dollar that stays.
const variable = /(?<!\$)\$\{(\w+)(?::([-?])([^}]*))?\}/g;

/**
 * Reads a compose file as Compose does: included files belong to it, variables are put in.
 *
 * @param edit what somebody has changed in the text before
 * @throws where a variable that must be set is not
 */
export function loadCompose(
  path: string,
  env: Readonly<Record<string, string>>,
  edit: (text: string) => string = (text) => text,
): ComposeFile {
  const text = edit(readText(path)).replace(variable, (_all, name: string, kind, rest: string) => {
    if (env[name]) return env[name];
    if (kind === '-') return rest;
    throw new Error(`${name} is not set: ${rest}`);
  });
  const { include = [], ...own } = parseYaml(text) as Partial<ComposeFile> & { include?: string[] };
  const parts = [own, ...include.map((name) => loadCompose(join(dirname(path), name), env))];
  const all = (key: 'services' | 'networks' | 'volumes') =>
    Object.assign({}, ...parts.map((part) => part[key]));
  return { services: all('services'), networks: all('networks'), volumes: all('volumes') };
}
