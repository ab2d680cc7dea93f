import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { SinkItem } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import { type HttpClient, httpKit, type OpenHttpKit } from '../../src/connector/http.ts';
import { readMappings } from '../../src/mapping/read.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { between, closeAll, explained, sql } from './setting.ts';

let server: Server | undefined;
let kit: OpenHttpKit | undefined;
afterEach(async () => {
  await closeAll();
  kit?.close();
  server?.close();
});

/** A real mapping, and on top of it a rule that crashes: a defect of our own. */
function customers(): Mapping {
  const text = `flow: accounts
read: { from: crm, entity: companies }
write: { to: erp, entity: res.partner, key: ref }
fields:
  ref: { from: id }
  name: { from: name, required: true }
  credit_limit: { from: credit, as: decimal, scale: 2 }
  comment: { from: note }
`;
  const [found] = readMappings([{ path: 'accounts.yaml', text }], []).mappings;
  if (found === undefined) throw new Error('the mapping is not sound');
  return {
    ...found,
    run(record, given) {
      if (record['name'] === 'crash') throw new TypeError('boom');
      return found.run(record, given);
    },
  };
}

/** An ERP that takes JSON over HTTP and answers 200; what is too large for any request never reaches it. */
async function erp(): Promise<HttpClient> {
  server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  kit = httpKit({
    limits: { concurrency: 2, rate: null },
    now: () => new Date(),
    log: pino({ level: 'silent' }),
  });
  return kit.client({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secretHeaders: {},
    deadlineMs: 10_000,
    maxResponseBytes: 1000,
  });
}

const refused = new Fault({
  kind: 'invalid_record',
  code: 'not_allowed',
  message: 'something is not allowed',
});

describe('a poison record', () => {
  it('of whatever kind ends as a dead letter with its cause, and its neighbours arrive', async () => {
    const client = await erp();
    const never = new AbortController().signal;
    const { source, sink, journey } = await between([customers()], { batch: 50 });
    sink.before = async (items: readonly SinkItem[]) => {
      await client.send({ method: 'POST', path: '/load', body: { items }, safe: false }, never);
      if (items.some((item) => item.fields['name'] === 'forbidden')) throw refused;
    };
    for (let n = 0; n < 46; n++) source.put(`c${n}`, { name: `Company ${n}`, credit: '10.00' });
    source.put('refused', { name: 'forbidden' });
    source.put('crashing', { name: 'crash' });
    source.put('too-large', { name: 'large', note: 'x'.repeat(33 * 1024 * 1024) });
    source.put('odd', { name: 'odd' });
    // What no source of ours hands over, and stands in the mirror all the same: things where values should be.
    journey.at = async (step) => {
      if (step === 'page_committed')
        await sql(
          journey,
          `update causeway.mirror set record = '{"id":["odd"],"name":{"first":1},"credit":[null,true],"note":7}' where source_id = 'odd'`,
        );
    };
    await journey.carry();
    const causes = Object.fromEntries(
      await Promise.all(
        ['refused', 'crashing', 'too-large', 'odd'].map(async (id) => {
          const found = (await explained(journey, id))?.record;
          return [id, [found?.state, found?.code]] as const;
        }),
      ),
    );
    expect(causes).toEqual({
      refused: ['dead', 'not_allowed'],
      crashing: ['dead', 'mapping_crashed'],
      'too-large': ['dead', 'request_too_large'],
      odd: ['dead', 'value_wrong_kind'],
    });
    expect(sink.records.size).toBe(46);
    expect(new Set([...sink.records.values()].map(({ writes }) => writes))).toEqual(new Set([1]));
  });
});
