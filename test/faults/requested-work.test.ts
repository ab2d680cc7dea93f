import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from './processes.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
  await world.causeway('start', '--once');
}, 180_000);
afterAll(() => world.close());

type Status = {
  readonly id: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
};

const ask = async (
  url: string,
  body: object,
  headers: object = {},
): Promise<{ status: number; json: Status }> => {
  const answer = await fetch(`${url}/v1/resyncs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, json: (await answer.json()) as Status };
};

/** Asks until it has ended. */
async function ended(url: string, id: string): Promise<Status> {
  for (;;) {
    const answer = await fetch(`${url}/v1/resyncs/${id}`, { headers: { prefer: 'wait=20' } });
    const status = (await answer.json()) as Status;
    if (status.state === 'done' || status.state === 'failed') return status;
  }
}

describe('work that was asked for', () => {
  it('survives SIGKILL right after the answer, and is not asked for twice by a repetition', async () => {
    const first = await world.service();
    const key = { 'idempotency-key': '"one order"' };
    const { status, json } = await ask(first.url, { flow: 'orders', all: true }, key);
    await first.stop('SIGKILL');
    expect(status).toBe(202);
    const second = await world.service();
    const again = await ask(second.url, { flow: 'orders', all: true }, key);
    expect(again.json.id).toBe(json.id);
    const done = await ended(second.url, json.id);
    expect(done.counts).toMatchObject({ asked: 830, pending: 0 });
    const { asked, ...others } = done.counts;
    expect(Object.values(others).reduce((sum, count) => sum + count, 0)).toBe(asked);
    expect(done.counts['synced']).toBe(830);
    expect((await world.truth('erp', 'sale.order')).length).toBe(830);
    expect((await second.stop('SIGTERM')).code).toBe(0);
  }, 300_000);

  it('adds up with lost answers, limits and refusals in between, and tells where a record is in the ERP', async () => {
    const service = await world.service();
    await world.control('erp', 'PUT', 'misbehave', {
      loseAnswerEvery: 5,
      rateLimitEvery: 7,
      refuse: { oneIn: 20, field: 'name', reason: 'not allowed' },
    });
    const { json } = await ask(service.url, { flow: 'accounts', all: true }, { 'idempotency-key': '"two"' });
    const done = await ended(service.url, json.id);
    await world.control('erp', 'PUT', 'misbehave', {});
    const { asked, ...others } = done.counts;
    expect([asked, done.counts['pending']]).toEqual([91, 0]);
    expect(Object.values(others).reduce((sum, count) => sum + count, 0)).toBe(91);
    expect(done.counts['dead']).toBeGreaterThan(0);
    const one = await fetch(`${service.url}/v1/resyncs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait=20' },
      body: JSON.stringify({ flow: 'accounts', ids: ['42100000000'] }),
    });
    expect([one.status, ((await one.json()) as Status).counts['synced']]).toEqual([200, 1]);
    const record = (await (await fetch(`${service.url}/v1/flows/accounts/records/42100000000`)).json()) as {
      erp: { id: string; url: string; numbersSaved: boolean };
    };
    expect(record.erp.url).toBe(`${world.urls.erp}/web#id=${record.erp.id}&model=res.partner&view_type=form`);
    await service.stop('SIGTERM');
  }, 300_000);
});
