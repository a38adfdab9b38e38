/** Environment variables of a command, such as `HTTPS_PROXY` and `NO_PROXY`. */
export type Environment = Readonly<Record<string, string>>;

/**
 * Gives the variables that lead what a sandbox asks of the internet through our egress proxy, with
 * the sandbox's own credential in them. Undefined as long as there is no egress proxy.
 */
export const egressEnvironment: ((sandboxId: string) => Environment) | undefined = undefined;
