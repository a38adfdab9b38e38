// How to have the proxy's requests in your traces. It depends on no OpenTelemetry; you load one:
//   npm install --no-save @opentelemetry/sdk-node @opentelemetry/instrumentation-http
//   OTEL_SERVICE_NAME=daytona-proxy OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 \
//     node --import ./docker/monitoring/openTelemetry.mjs src/start.js
// Each request is then a span of the SDK's, below the visitor's trace where it came with one; its
// sandbox gets that span's `traceparent`, and the access line has the id of its trace. The SDK makes
// no span of a WebSocket: the visitor's own goes on.
import { createRequire } from 'node:module';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';

// Only what comes in: how the SDK adds its field to what goes out would spoil the heads of upgrades,
// and the proxy adds the same field itself.
const http = new HttpInstrumentation({
  disableOutgoingRequestInstrumentation: true,
  startIncomingSpanHook: withoutSecrets,
});
new NodeSDK({ instrumentations: [http] }).start();
// The SDK takes hold of what is required.
const require = createRequire(import.meta.url);
require('node:http');
require('node:https');

/** Queries hold keys of visitors and codes of logins, a signed host its token: no span may have them. */
function withoutSecrets({ url, headers }) {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  const signed = /^(\d+-)[a-z0-9]{16}(?=\.)|^[a-z0-9]{16}(?=-\d+\.)/i;
  return {
    'server.address': host.replace(signed, '$1[signed]'),
    ...(url.includes('?') && { 'url.query': '[hidden]' }),
  };
}
