import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import type { Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { logger } from '../../src/telemetry/logger.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'causeway-log-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Logs into a file, and gives everything that was written there. */
function written(write: (log: Logger) => void, secrets: readonly string[] = []): string {
  const file = join(folder, 'some', 'causeway.log');
  write(logger({ level: 'trace', destination: { file }, secrets }));
  return readFileSync(file, 'utf8');
}

const entries = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

/** Every name and every text in it. */
function textsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? [value] : [];
  return Object.entries(value).flatMap(([name, entry]) => [name].concat(textsOf(entry)));
}

describe('logger', () => {
  it('writes one JSON object a line, with level and UTC time', () => {
    const text = written((log) => {
      log.info({ flow: 'accounts', count: 3 }, 'page read');
      log.child({ connection: 'crm' }).child({ entity: 'deals' }).warn('slow');
    });
    expect(entries(text)).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/u),
        flow: 'accounts',
        count: 3,
        msg: 'page read',
      },
      { level: 'warn', time: expect.any(String), connection: 'crm', entity: 'deals', msg: 'slow' },
    ]);
  });

  it('leaves out what is below its level', () => {
    const file = join(folder, 'quiet.log');
    const log = logger({ level: 'warn', destination: { file }, secrets: [] });
    log.info('not this');
    log.error('this');
    expect(entries(readFileSync(file, 'utf8')).map((entry) => entry['msg'])).toEqual(['this']);
  });

  it.each([
    'canary-plain',
    'canary with spaces & signs/+=',
    'canary"quote\\back',
    'canary\nline',
    'kanári-ü',
    '20261121',
    '"level"',
    '}',
  ])('takes the known secret %j out of every place it can get to', (secret) => {
    const error = Object.assign(new Error(`refused ${secret}`, { cause: new Error(secret) }), {
      code: secret,
    });
    const text = written(
      (log) => {
        log.info(`text ${secret}`);
        log.info('formatted %s %o', secret, { deep: [secret] });
        log.info({ note: secret, deep: { list: [{ note: `x${secret}y` }] }, [secret]: secret });
        log.info({ url: `https://crm.example.com/?k=${encodeURIComponent(secret)}` });
        log.info({ reply: JSON.stringify({ note: JSON.stringify({ secret }) }) });
        log.child({ note: secret }).info('child');
        log.error(error);
        log.error({ err: error, other: error }, 'failed');
      },
      [secret],
    );
    const everything = textsOf(entries(text).map(({ time: _time, ...entry }) => entry)).join('\n');
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(encodeURIComponent(secret));
    expect(everything).not.toContain(JSON.stringify(secret).slice(1, -1));
    expect(entries(text)).toHaveLength(8);
    expect(everything.split('[redacted]').length).toBeGreaterThan(15);
  });

  it('redacts by name what it has never been told of', () => {
    const text = written((log) => {
      log
        .child({ apiKey: 'canary-1' })
        .info({ password: 'canary-2', connection: { access_token: 'canary-3' } });
      log.info({ Authorization: 'canary-4', cookie: ['canary-5'], 'x-api-key': 'canary-6' }, 'with %o', {
        secret: 'canary-7',
      });
    });
    expect(text).not.toContain('canary');
  });

  it('leaves payloads out, and keeps ids that have the same name', () => {
    const text = written((log) => {
      log.info({ record: { name: 'canary' }, body: ['canary'], item: { fields: { iban: 'canary' } } });
      log.info({ record: '4711' });
    });
    expect(text).not.toContain('canary');
    expect(entries(text)[1]).toMatchObject({ record: '4711' });
  });

  it('writes no request of an HTTP client, wherever its error is logged', async () => {
    const server = createServer((_request, response) =>
      response.writeHead(500).end('{"reply":"canary-reply"}'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const error: Error | null = await axios
      .post(
        url,
        { body: 'canary-body' },
        { headers: { Authorization: 'canary-header' }, params: { key: 'canary-query' } },
      )
      .then(
        () => null,
        (thrown: Error) => thrown,
      );
    server.closeAllConnections();
    server.close();
    const text = written((log) => {
      log.error(error, 'posted');
      log.error({ err: error, failure: error, nested: { error } }, 'failed %o', error);
      log.error({ err: new Error('outer', { cause: error }) });
      log.error({ err: new AggregateError([error], 'several') });
    });
    expect(text).toContain('status code 500');
    expect(text).not.toContain('canary');
  });

  it('says of an error what helps: type, code, kind, where, and why', () => {
    const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
    const fault = new Fault({ kind: 'transient', code: 'connection_refused', message: 'no answer', cause });
    const [entry] = entries(written((log) => log.error(fault)));
    expect(entry).toMatchObject({
      msg: 'no answer',
      err: {
        type: 'Fault',
        message: 'no answer',
        kind: 'transient',
        code: 'connection_refused',
        stack: expect.stringContaining('logger.test.ts'),
        cause: { type: 'Error', message: 'connect refused', code: 'ECONNREFUSED' },
      },
    });
  });

  it('writes the path of a web request without its query and headers', () => {
    const req = { method: 'GET', url: '/v1/lookups/x/1?key=canary', headers: { authorization: 'canary' } };
    const [entry] = entries(
      written((log) => log.info({ req, res: { statusCode: 200, body: 'canary' } }, 'served')),
    );
    expect(entry).toMatchObject({ req: { method: 'GET', url: '/v1/lookups/x/1' }, res: { statusCode: 200 } });
    expect(JSON.stringify(entry)).not.toContain('canary');
  });

  it('survives what cannot be written: circles, depth, size, and odd values', () => {
    const circle: Record<string, unknown> = { big: 10n, when: new Date(0), never: new Date(Number.NaN) };
    circle['self'] = circle;
    const text = written((log) =>
      log.info({ circle, odd: [Symbol('x'), undefined, () => 1], long: 'x'.repeat(1e6) }),
    );
    expect(text.length).toBeLessThan(10_000);
    expect(entries(text)[0]).toMatchObject({ circle: { big: '10', when: '1970-01-01T00:00:00.000Z' } });
  });
});
