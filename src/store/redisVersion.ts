/** The first that reads and removes in one step (GETDEL), as logins do that end on another instance. */
const oldest = [6, 2] as const;

/**
 * Reads what Redis says of itself.
 *
 * @param info the answer to `INFO server`
 * @returns the version where it is older than 6.2; undefined where it is not, or does not say
 */
export function tooOld(info: string): string | undefined {
  const [, version, major, minor] = /^redis_version:((\d+)\.(\d+)[\w.-]*)/m.exec(info) ?? [];
  if (version === undefined) return undefined;
  const newer = Number(major) - oldest[0] || Number(minor) - oldest[1];
  return newer < 0 ? version : undefined;
}
