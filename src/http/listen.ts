import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';
import type { App } from './app.ts';

/** So many callers may come at the same moment; those beyond Node's 511 would try again only seconds later. */
const backlog = 4096;

/**
 * Each listening socket lets one caller in for each turn of the event loop (libuv since 1.45), and a turn takes
 * milliseconds while records are carried: a thousand callers would wait for seconds. Sockets that share the port
 * (`SO_REUSEPORT`) let in as many at once.
 */
const sockets = 16;

/** Listens; gives the server's address, or null when the port is taken: another process on this machine serves already. */
export async function listen(app: App, host: string, port: number): Promise<string | null> {
  try {
    const free = await freePort(host, port);
    await listenTogether(app, host, free);
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) return null;
    throw error;
  }
  const address = app.server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

/** The port, where nobody has it. A socket that shares would be let in beside those of another process. */
async function freePort(host: string, port: number): Promise<number> {
  const probe = createServer();
  await listening(probe, { host, port, exclusive: true });
  const found = (probe.address() as AddressInfo).port;
  probe.close();
  await once(probe, 'close');
  return found;
}

async function listenTogether(app: App, host: string, port: number): Promise<void> {
  const others: Server[] = [];
  let closing: Promise<unknown>[] = [];
  let callers = 0;
  app.server.on('connection', () => (callers += 1));
  app.addHook('preClose', async () => {
    await letIn(() => callers);
    closing = others.map((other) => once(other.close(), 'close'));
  });
  // They end with the last of their callers, and the app has to wait for those as for its own.
  app.addHook('onClose', async () => void (await Promise.all(closing)));
  const shared = { host, port, backlog, reusePort: true };
  try {
    await app.listen(shared);
  } catch (error) {
    // Not every system can share a port.
    if (!hasCode(error, 'ENOTSUP')) throw error;
    return void (await app.listen({ host, port, backlog }));
  }
  for (let n = 1; n < sockets; n += 1) {
    const other = createServer({ noDelay: true }, (socket) => void app.server.emit('connection', socket));
    await listening(other, shared);
    others.push(other);
  }
}

/** Lets in who is at the door already, until nobody came for a whole turn: a socket that closes sends them away. */
async function letIn(callers: () => number): Promise<void> {
  let before = -1;
  for (let turn = 0; turn < backlog / sockets && callers() > before; turn += 1) {
    before = callers();
    await setImmediate();
    await setImmediate();
  }
}

async function listening(server: Server, options: ListenOptions): Promise<void> {
  server.listen(options);
  await once(server, 'listening');
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
