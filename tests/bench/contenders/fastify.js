// JavaScript, so that no type stripping is in the peer's cold start.
import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const [port, upstream] = process.argv.slice(2);
const fastify = Fastify();
fastify.register(proxy, { upstream, websocket: true });
await fastify.listen({ port: Number(port), host: '127.0.0.1' });
