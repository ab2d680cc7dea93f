import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { type App, bareApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';

const log = pino({ level: 'silent' });
const apps: App[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const app of apps.splice(0)) await app.close();
});

async function open(port = 0, build: (app: App) => void = () => {}) {
  const app = bareApp(log);
  build(app);
  apps.push(app);
  const url = await listen(app, '127.0.0.1', port);
  return { app, url, port: url === null ? port : Number(new URL(url).port) };
}

/** So many who knock at the same moment. */
async function knock(port: number, count: number): Promise<Socket[]> {
  const all = Array.from({ length: count }, () => connect({ host: '127.0.0.1', port }));
  sockets.push(...all);
  await Promise.all(all.map((socket) => once(socket, 'connect')));
  return all;
}

/** How many turns of the event loop it takes until so many are let in, from the moment when all have knocked. */
async function turnsToLetIn(server: Server, port: number, count: number): Promise<number> {
  const inside: Socket[] = [];
  server.on('connection', (socket) => void inside.push(socket));
  // They connect in one turn, before the server gets to look.
  const all = Array.from({ length: count }, () => connect({ host: '127.0.0.1', port }));
  sockets.push(...all);
  let turns = 0;
  for (; inside.length < count; turns += 1) await setImmediate();
  return turns;
}

// Other systems have no port that sockets share and divide the callers of.
it.runIf(process.platform === 'linux')(
  'lets a crowd in within a few turns of a busy event loop',
  async () => {
    const crowd = 400;
    const plain = createServer();
    plain.listen(0, '127.0.0.1', 4096);
    await once(plain, 'listening');
    const address = plain.address();
    const one = await turnsToLetIn(plain, typeof address === 'object' ? (address?.port ?? 0) : 0, crowd);
    plain.close();
    const { app, port } = await open();
    const ours = await turnsToLetIn(app.server, port, crowd);
    // A socket lets one in for each turn; if Node ever does better, there is no need for more than one.
    expect(one).toBeGreaterThanOrEqual(crowd);
    expect(ours).toBeLessThan(crowd / 4);
  },
);

it('leaves a port alone that another process listens on, also where that one shares it', async () => {
  const { port } = await open();
  expect((await open(port)).url).toBeNull();
  const plain = createServer();
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  const address = plain.address();
  expect((await open(typeof address === 'object' ? (address?.port ?? 0) : 0)).url).toBeNull();
  plain.close();
});

it('answers everybody who had knocked before it closes, through whichever socket, and then is gone', async () => {
  const arrived = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  let asked = 0;
  const { app, port } = await open(0, (built) => {
    built.get('/', () => {
      asked += 1;
      if (asked === 64) arrived.resolve();
      return answer.promise;
    });
  });
  const all = await knock(port, 64);
  const heard = all.map(async (socket) => {
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    return chunk.toString().split('\r\n')[0];
  });
  const closed = app.close();
  await arrived.promise;
  answer.resolve('here');
  expect(new Set(await Promise.all(heard))).toEqual(new Set(['HTTP/1.1 200 OK']));
  await closed;
  const late = connect({ host: '127.0.0.1', port });
  await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
