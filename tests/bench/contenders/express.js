// JavaScript, so that no type stripping is in the peer's cold start.
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

const [port, target] = process.argv.slice(2);
const app = express();
app.use(createProxyMiddleware({ target, changeOrigin: true, ws: true }));
app.listen(Number(port), '127.0.0.1');
