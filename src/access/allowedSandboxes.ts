/** Which sandboxes exist for the outside; with neither ids nor labels, all do. */
export interface AllowedSandboxes {
  readonly ids: ReadonlySet<string>;
  readonly labels: readonly (readonly [name: string, value: string])[];
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** True for what is an id of Daytona's and no name. */
export function isSandboxId(idOrName: string): boolean {
  return uuid.test(idOrName);
}

/**
 * Decides by what the host names alone, so that no stranger's guess costs a call to Daytona.
 *
 * @returns undefined where a name or the labels have to be looked up
 */
export function isAllowedByName({ ids, labels }: AllowedSandboxes, idOrName: string) {
  if ((ids.size === 0 && labels.length === 0) || ids.has(idOrName)) return true;
  return labels.length === 0 && isSandboxId(idOrName) ? false : undefined;
}

export function isAllowed(
  allowed: AllowedSandboxes,
  sandbox: { readonly id: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  return (
    isAllowedByName(allowed, sandbox.id) === true ||
    allowed.labels.some(([name, value]) => sandbox.labels[name] === value)
  );
}
