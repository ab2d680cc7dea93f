import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { httpKit } from '../../src/connector/http.ts';
import { newTraceId, presentTrace, traceIdOf, traceparentOf, withTrace } from '../../src/connector/trace.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';

describe('a trace', () => {
  it('is read from the header of the standard, also of a later version', () => {
    expect(traceIdOf(`00-${trace}-${parent}-01`)).toBe(trace);
    expect(traceIdOf(`00-${trace}-${parent}-00`)).toBe(trace);
    expect(traceIdOf(`cc-${trace}-${parent}-01-what-will-be`)).toBe(trace);
    expect(traceIdOf(traceparentOf(trace))).toBe(trace);
  });

  it.each([
    undefined,
    '',
    trace,
    `ff-${trace}-${parent}-01`,
    `00-${trace}-${parent}-01-more`,
    `00-${trace.toUpperCase()}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace}-${parent}`,
    ` 00-${trace}-${parent}-01`,
  ])('is not read from %s', (header) => {
    expect(traceIdOf(header)).toBeNull();
  });

  it('is that of the work around it, and of nothing else', async () => {
    expect(presentTrace()).toBeNull();
    const [one, two] = [newTraceId(), newTraceId()];
    const seen = await Promise.all([
      withTrace(one, async () => {
        await Promise.resolve();
        return presentTrace();
      }),
      withTrace(two, async () => presentTrace()),
    ]);
    expect(seen).toEqual([one, two]);
    expect(one).toMatch(/^[0-9a-f]{32}$/u);
  });

  it('goes with every call to a system, each a span of its own, and with none where there is none', async () => {
    const headers: unknown[] = [];
    const server = createServer((request, response) => {
      headers.push(request.headers['traceparent']);
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const limits = { concurrency: 1, rate: null };
    const kit = httpKit({ limits, now: () => new Date(), log: pino({ level: 'silent' }) });
    try {
      const { port } = server.address() as AddressInfo;
      const client = kit.client({
        baseUrl: `http://127.0.0.1:${port}`,
        secretHeaders: {},
        deadlineMs: 5000,
        maxResponseBytes: 1000,
      });
      const send = () => client.send({ method: 'GET', path: '/', safe: true }, new AbortController().signal);
      await withTrace(trace, send);
      await withTrace(trace, send);
      await send();
      const [first, second, none] = headers;
      expect([traceIdOf(String(first)), traceIdOf(String(second)), none]).toEqual([trace, trace, undefined]);
      expect(first).not.toBe(second);
    } finally {
      kit.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
