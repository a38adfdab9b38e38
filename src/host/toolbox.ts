import type { RequestHandler } from 'express';
import { reservedPort } from '../access/reservedPorts.ts';

const toolboxPath = /^(\/toolbox\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?))(\/[^?]*)?(\?.*)?$/s;

/**
 * What a toolbox answers is a stranger's: as a page it gets an origin of its own, or it would stand
 * on that of `/stats` and read there by the operator's cookie.
 */
const aStrangers = 'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts';

/**
 * Finds the sandbox whose toolbox is asked for on a host that is no sandbox's:
 * `/toolbox/{id}/{path}`. From here on the request's path is what the toolbox sees of it.
 */
export const findToolbox: RequestHandler = ({ exchange }, _res, next) => {
  if (exchange.sandbox) return next();
  const [, mount, id, path = '/', query = ''] = toolboxPath.exec(exchange.target) ?? [];
  if (mount !== undefined && id !== undefined) {
    exchange.sandbox = { id, port: reservedPort.toolbox };
    exchange.mount = mount;
    exchange.target = path + query;
    exchange.ownFields.push('Content-Security-Policy', aStrangers);
  }
  next();
};
