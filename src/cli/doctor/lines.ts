import type { FrontKind } from './fronts.ts';

/** What can be wrong with a front proxy. */
export type Topic =
  | 'lead'
  | 'host'
  | 'forwarded'
  | 'events'
  | 'websocket'
  | 'idle'
  | 'upload'
  | 'redirects'
  | 'origin'
  | 'chain'
  | 'names'
  | 'renewal'
  | 'http2';

/** What the server that speaks TLS says by itself, and none behind it. */
const ofTls: readonly Topic[] = ['chain', 'names', 'renewal', 'http2'];

/** Where the lines go. */
export function placeOf(kind: FrontKind, topic: Topic): string {
  if (kind !== 'nginx') return places[kind];
  const inServer = topic === 'lead' || ofTls.includes(topic);
  return `${inServer ? 'in the server block' : 'beside proxy_pass, in its location'} (all of it: nginx/daytona-proxy.conf)`;
}

const places: Readonly<Record<Exclude<FrontKind, 'nginx'>, string>> = {
  caddy: 'in the Caddyfile (all of it: nginx/Caddyfile)',
  cloudflare: 'in its dashboard',
  traefik: 'flags (--…) on its command line, all else in a file of its file provider',
  own: 'in .env',
};

/** Says where else to look: Cloudflare alone can be seen in front of another server. */
export function beyond(kind: FrontKind, topic: Topic): string | undefined {
  if (kind !== 'cloudflare' || ofTls.includes(topic)) return undefined;
  return "# or it is the server behind it, which you see by: --resolve '*:{publicPort}:{its address}'";
}

type Lines = Readonly<Record<Exclude<FrontKind, 'own'>, string> & { own?: string }>;

/**
 * All together: a location with a proxy_set_header of its own takes none over from the server block,
 * and a field that is set twice is sent twice.
 */
const nginxFields = [
  'proxy_set_header Host $http_host;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection $connection_upgrade;',
  'proxy_set_header X-Forwarded-For $remote_addr;',
  'proxy_set_header X-Forwarded-Proto $scheme;',
];
const nginxMap = `# and in http, if it is not there:
map $http_upgrade $connection_upgrade { default ''; "~*^websocket$" upgrade; }`;
const insteadOfAll = `# in the place of all proxy_set_header lines there:
${nginxFields.join('\n')}
${nginxMap}`;

function traefikService(line: string): string {
  return `http:\n  services:\n    daytona-proxy:\n      loadBalancer:\n        ${line}`;
}

/** What mends it, for each of them. */
export const lines: Readonly<Record<Topic, Lines>> = {
  lead: {
    nginx: `server_name *.{domain} {domain};
location / {
    proxy_pass http://127.0.0.1:{port};
    proxy_http_version 1.1;
${nginxFields.map((line) => `    ${line}`).join('\n')}
}
${nginxMap}`,
    caddy: '*.{domain}, {domain} {\n\treverse_proxy 127.0.0.1:{port}\n}',
    cloudflare:
      'DNS: records for both {domain} and *.{domain}, to the machine of the proxy\nSSL/TLS: Full (strict)',
    traefik: `http:   # Traefik 3
  routers:
    daytona-proxy:
      rule: 'HostRegexp(\`^(.+\\.)?{domainPattern}$\`)'
      service: daytona-proxy
      tls: {}
  services:
    daytona-proxy:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:{port}`,
    own: 'PORT=443',
  },
  host: {
    nginx: insteadOfAll,
    caddy:
      'header_up Host {hostport}   # in reverse_proxy; without any header_up Host it is kept too',
    cloudflare: 'Rules > Origin Rules: no rule that rewrites the Host header',
    traefik: traefikService('passHostHeader: true'),
  },
  forwarded: {
    nginx: insteadOfAll,
    caddy:
      '# reverse_proxy sets both itself: remove header_up lines for X-Forwarded-For and X-Forwarded-Proto',
    cloudflare:
      'Rules > Settings > Managed Transforms: "Remove visitor IP headers" off\nSSL/TLS: Full (strict), so that X-Forwarded-Proto is https at the end',
    traefik:
      '--entryPoints.websecure.forwardedHeaders.insecure=false\n# and no headers middleware that removes X-Forwarded-For or X-Forwarded-Proto',
  },
  events: {
    nginx: 'proxy_http_version 1.1;\nproxy_buffering    off;\ngzip               off;',
    caddy: 'flush_interval -1   # in reverse_proxy',
    cloudflare:
      '# it passes text/event-stream on by itself: look for a Worker, or at the server behind it',
    traefik: `${traefikService('responseForwarding: { flushInterval: 1ms }')}\n# and no buffering or compress middleware on the router`,
  },
  websocket: {
    nginx: `proxy_http_version 1.1;\n${insteadOfAll}`,
    caddy: '# reverse_proxy carries them: remove header_up lines for Connection and Upgrade',
    cloudflare: 'Network > WebSockets: on',
    traefik: '# it carries them: remove a headers middleware that sets Connection or Upgrade',
  },
  idle: {
    nginx: 'proxy_read_timeout 1d;\nproxy_send_timeout 1d;',
    caddy:
      '# in reverse_proxy: no stream_timeout, and no read_timeout or write_timeout in transport http',
    cloudflare:
      '# it ends what is silent for 100 to 120 s (524), which only the Enterprise plan can change:\nDNS > the record: "DNS only"; or have apps send something every minute',
    traefik:
      '--entryPoints.websecure.transport.respondingTimeouts.readTimeout=0s\n--entryPoints.websecure.transport.respondingTimeouts.writeTimeout=0s',
  },
  upload: {
    nginx: 'client_max_body_size    0;\nproxy_request_buffering off;',
    caddy: '# remove request_body { max_size … }',
    cloudflare:
      'Network > Maximum Upload Size: the largest of the plan\n# for larger ones, DNS > the record: "DNS only"',
    traefik: '# remove the middleware with buffering.maxRequestBodyBytes',
  },
  redirects: {
    nginx:
      'proxy_redirect off;\n# and no proxy_cookie_domain, proxy_cookie_path or proxy_cookie_flags',
    caddy: '# in reverse_proxy: no header_down for Location or Set-Cookie',
    cloudflare: 'Rules: no Redirect Rule and no Transform Rule for these hosts',
    traefik: '# no middleware with redirectRegex, or customResponseHeaders Location or Set-Cookie',
  },
  origin: {
    nginx: insteadOfAll,
    caddy: '# in reverse_proxy: no header_up for Origin',
    cloudflare: 'Rules > Transform Rules: none that changes Origin',
    traefik: '# no middleware with customRequestHeaders Origin',
  },
  chain: {
    nginx:
      'ssl_certificate     /etc/letsencrypt/live/{domain}/fullchain.pem;   # not cert.pem\nssl_certificate_key /etc/letsencrypt/live/{domain}/privkey.pem;',
    caddy: 'tls /etc/ssl/daytona-proxy/fullchain.pem /etc/ssl/daytona-proxy/privkey.pem',
    cloudflare: 'SSL/TLS > Edge Certificates: Universal SSL, or an advanced certificate',
    traefik:
      'tls:\n  certificates:\n    - certFile: /etc/ssl/daytona-proxy/fullchain.pem\n      keyFile: /etc/ssl/daytona-proxy/privkey.pem',
    own: 'TLS_CERT_FILE=/etc/letsencrypt/live/{domain}/fullchain.pem\nTLS_KEY_FILE=/etc/letsencrypt/live/{domain}/privkey.pem',
  },
  names: {
    nginx:
      "# one that names both, by the DNS challenge: certbot certonly --manual --preferred-challenges dns -d '*.{domain}' -d {domain}\nssl_certificate     /etc/letsencrypt/live/{domain}/fullchain.pem;\nssl_certificate_key /etc/letsencrypt/live/{domain}/privkey.pem;",
    caddy: '*.{domain}, {domain} {\n\ttls {\n\t\tdns cloudflare {env.CLOUDFLARE_API_TOKEN}\n\t}\n}',
    cloudflare:
      'SSL/TLS > Edge Certificates > Order Advanced Certificate: {domain}, *.{domain}\n# Universal SSL covers one level below the zone, and no second',
    traefik: `http:
  routers:
    daytona-proxy:
      tls:
        certResolver: dns   # one with a dnsChallenge
        domains:
          - main: '{domain}'
            sans: ['*.{domain}']`,
    own: "# one that names both, by the DNS challenge: certbot certonly --manual --preferred-challenges dns -d '*.{domain}' -d {domain}\nTLS_CERT_FILE=/etc/letsencrypt/live/{domain}/fullchain.pem\nTLS_KEY_FILE=/etc/letsencrypt/live/{domain}/privkey.pem",
  },
  renewal: {
    nginx: "# renew it, and have Nginx read it: certbot renew --deploy-hook 'nginx -s reload'",
    caddy:
      '# one of its own it renews itself: look into its log; one from files: renew, then caddy reload',
    cloudflare: 'SSL/TLS > Edge Certificates: look at the state of the certificate',
    traefik: '# one of its own it renews itself: look for "acme" in its log',
    own: '# renew it: certbot renew. TLS_CERT_FILE is read again when it changes',
  },
  http2: {
    nginx: 'listen 443 ssl http2;   # from 1.25.1 on: listen 443 ssl; and http2 on;',
    caddy: '# remove protocols from the global servers option: h2 is on by itself',
    cloudflare: 'Speed > Settings > Protocol: HTTP/2 on',
    traefik: 'tls:\n  options:\n    default:\n      alpnProtocols: [h2, http/1.1]',
  },
};
