import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, bareApp } from '../../src/http/app.ts';

const agents: Agent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});

/** A server whose `/work` takes until the gate opens, and one caller who keeps connections alive. */
async function aServer() {
  const lines: string[] = [];
  const app: App = bareApp(pino({}, { write: (line: string) => void lines.push(line) }));
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  app.get('/work', { config: { scope: 'open' } }, async () => {
    begun.resolve();
    await gate.promise;
    return { done: true };
  });
  app.get('/now', { config: { scope: 'open' } }, async () => ({ done: true }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  agents.push(agent);
  const ask = async (path: string): Promise<IncomingMessage> => {
    const request = get({ host: '127.0.0.1', port, path, agent });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    return answer;
  };
  return { app, begun, gate, ask, lines };
}

/** Resolves when a server that was told to close listens no more. */
async function takesNobody({ server }: App): Promise<void> {
  while (server.listening) await new Promise(setImmediate);
}

describe('a server that closes', () => {
  it('answers the request that is under way, as the last one on its connection', async () => {
    const { app, begun, gate, ask } = await aServer();
    const answer = ask('/work');
    await begun.promise;
    const closed = app.close();
    await takesNobody(app);
    gate.resolve();
    const { statusCode, headers } = await answer;
    expect([statusCode, headers.connection]).toEqual([200, 'close']);
    await closed;
  });

  it('takes nobody new meanwhile', async () => {
    const { app, begun, gate, ask } = await aServer();
    const answer = ask('/work');
    await begun.promise;
    const closed = app.close();
    await takesNobody(app);
    await expect(ask('/now')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    gate.resolve();
    await Promise.all([answer, closed]);
  });

  it('does not wait for connections that are only kept alive', async () => {
    const { app, ask } = await aServer();
    expect(await ask('/now')).toMatchObject({ statusCode: 200 });
    const began = performance.now();
    await app.close();
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('cuts what hangs, and says nothing of what that ends with', async () => {
    const { app, begun, gate, ask, lines } = await aServer();
    const answer = ask('/work');
    await begun.promise;
    const cut = answer.catch((error: unknown) => error);
    await app.close();
    expect(await cut).toMatchObject({ code: 'ECONNRESET' });
    gate.reject(new Error('Cannot use a pool after calling end on the pool'));
    await new Promise(setImmediate);
    expect(lines).toEqual([]);
  });
});
