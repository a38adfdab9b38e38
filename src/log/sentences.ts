type Values = Readonly<Record<string, unknown>>;

/** The sentence of every event, for people. The first seven are the original service's. */
const sentences = {
  'cache.hit': (f: Values) => `✅ Cache hit for ${f.sandbox}:${f.port}`,
  'cache.fetch': (f: Values) => `🔍 Fetching preview URL for ${f.sandbox}:${f.port}`,
  'cache.store': (f: Values) => `💾 Cached preview URL for ${f.sandbox}:${f.port}`,
  'cache.clean': (f: Values) =>
    `🧹 Cleaned ${f.count} expired cache ${f.count === 1 ? 'entry' : 'entries'}`,
  'proxy.request': (f: Values) => `🔄 Proxying ${f.method} ${f.path} → ${f.upstream}`,
  'proxy.response.error': (f: Values) => `⚠️ Proxy response error: ${f.status}`,
  'proxy.error': (f: Values) =>
    `❌ Proxy middleware error: ${f.code}${f.cause ? ` (${f.cause})` : ''}`,
  access: (f: Values) =>
    `${f.kind === 'websocket' ? '🔌' : '→'} ${f.status} ${f.method} ${f.host}${f.path} ${f.durationMs} ms${remarks(f)}`,
  'access.attempt': (f: Values) => `🔑 ${f.outcome} ${f.method} from ${f.client} for ${f.sandbox}`,
  'client.error': (f: Values) => `→ ${f.status} from ${f.client}: no valid HTTP (${f.cause})`,
  'limit.connections': (f: Values) =>
    `⚠️ Closed ${f.count} connections: ${f.limit} are open (MAX_CONNECTIONS)`,
  'limit.descriptors': (f: Values) =>
    `⚠️ No file descriptor was left, ${f.count} times (ulimit -n, LimitNOFILE)`,
  'limit.client': (f: Values) =>
    `⚠️ Refused ${f.count} connections, the last from ${f.client} (MAX_CONNECTIONS_PER_CLIENT)`,
  'cache.forget': (f: Values) => `↩️ Forgot ${f.sandbox}: ${f.reason}`,
  'cache.learn': (f: Values) => `📡 ${f.sandbox} is ${f.state}`,
  'events.on': () => '📡 Following Daytona’s event stream',
  'events.off': (f: Values) => `📡 Without Daytona’s event stream (${f.reason})`,
  'wake.start': (f: Values) => `⏰ Starting ${f.sandbox}`,
  'wake.done': (f: Values) => `⏰ ${f.sandbox}:${f.port} answers after ${f.durationMs} ms`,
  'wake.failed': (f: Values) => `⚠️ ${f.sandbox}:${f.port} did not come up: ${f.code}`,
  'daytona.rejected': (f: Values) => `❌ Daytona rejected the API key (${f.status})`,
  'daytona.failed': (f: Values) => `⚠️ Daytona API call failed: ${f.call} (${f.cause})`,
  'store.lost': (f: Values) => `⚠️ Redis is lost: every instance goes on by itself (${f.cause})`,
  'store.back': () => '🔗 Redis is back: what instances share is shared again',
  'store.refused': (f: Values) => `⚠️ Redis refuses: ${f.cause}`,
  'store.old': (f: Values) =>
    `❌ Redis ${f.version} is too old: before 6.2, logins fail that end on another instance`,
  'state.failed': (f: Values) =>
    `❌ STATE_FILE cannot be written: what others have ended may work after a restart (${f.cause})`,
  'state.torn': (f: Values) =>
    `⚠️ STATE_FILE had ${f.count} lines that a full disk cut off: where ending a link or a login failed, end it again`,
  'egress.carried': (f: Values) =>
    `↗️ ${f.sandbox} → ${f.host}:${f.port} ${f.bytesUp} up, ${f.bytesDown} down, ${f.durationMs} ms${f.cut ? ` (cut: ${f.cut})` : ''}`,
  'egress.refused': (f: Values) => `⛔ ${f.sandbox} → ${f.host ?? '?'}:${f.port ?? '?'} ${f.code}`,
  'egress.stranger': (f: Values) =>
    `⛔ ${f.count} times no valid credential for the way out, the last from ${f.client}`,
  'egress.limited': (f: Values) => `⛔ ${f.sandbox}: ${f.count} times over a limit, ${f.code}`,
  'egress.malformed': (f: Values) =>
    `⛔ ${f.count} requests for the way out that cannot be read, the last from ${f.client}`,
  'egress.crowd': (f: Values) =>
    `⚠️ Closed ${f.count} connections without a credential: ${f.limit} of one address are open, the last of ${f.client}`,
  'egress.full': (f: Values) =>
    `⚠️ Closed ${f.count} connections: ${f.limit} are open (EGRESS_MAX_CONNECTIONS)`,
  'egress.revoked': (f: Values) => `🔑 EGRESS_REVOKED_FILE revokes ${f.count} sandboxes`,
  'egress.revoked.line': (f: Values) =>
    `⚠️ EGRESS_REVOKED_FILE: line ${f.line} is not one sandbox’s id, and revokes nobody`,
  'egress.revoked.failed': (f: Values) =>
    `⚠️ EGRESS_REVOKED_FILE cannot be read, what it said before stays (${f.cause})`,
  'egress.failed': (f: Values) => `❌ A request for the outside failed: ${f.cause}`,
  'start.config': (f: Values) =>
    `⚙️ ${
      Object.entries(f)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ') || 'Nothing is configured'
    }`,
  'start.listening': (f: Values) => `🚀 Serving ${f.serves} on ${f.address}`,
  'start.mode': (f: Values) =>
    `🚦 Mode ${f.mode} with ${f.daytona}, access ${f.access}, store ${f.store}, metrics: ${f.metrics}`,
  'tls.failed': (f: Values) => `🔒 ${f.count} TLS handshakes failed, the last by ${f.last}`,
  'tls.renewed': (f: Values) => `🔒 Serving the renewed certificate, valid until ${f.until}`,
  'tls.refused': (f: Values) => `❌ The certificate before stays in use: ${f.cause}`,
  'tls.warning': (f: Values) => `⚠️ ${f.warning}`,
  'start.warning': (f: Values) => `⚠️ ${f.warning}`,
  'stop.draining': (f: Values) =>
    `👋 ${f.signal}: finishing ${f.requests} requests and ${f.sockets} WebSockets or tunnels`,
  'stop.done': () => '👋 Stopped',
  'log.lost': (f: Values) => `⚠️ ${f.count} lines of the log were lost (${f.cause})`,
  'process.crash': (f: Values) => `💥 Unexpected error, shutting down: ${f.cause}`,
} satisfies Record<string, (facts: Values) => string>;

export type LogEvent = keyof typeof sentences;

/** What of an access line is out of the ordinary: the longest phase of a slow one, cache, retries. */
function remarks({ longest, cache, retries, healed, code, ...f }: Values): string {
  const said = [
    longest && `most of it ${longest} (${f[`${longest}Ms`]} ms)`,
    cache !== 'hit' && cache,
    retries && 'sent again',
    healed && 'found anew',
    code,
  ];
  return said.map((remark) => (remark ? ` ${remark}` : '')).join('');
}

/** Says an event in one sentence for people. */
export function sentence(event: LogEvent, facts: Values): string {
  return oneLine(sentences[event](facts));
}

/** Paths and causes come from strangers: no control byte of theirs may start a line or a colour. */
function oneLine(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
