import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from './processes.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
  await world.causeway('sync', 'products', '--once');
}, 120_000);
afterAll(() => world.close());

const active = async (): Promise<number> =>
  (await world.truth<{ active?: boolean }>('erp', 'product.product')).filter(
    (product) => product.active !== false,
  ).length;

const productIds = async (): Promise<string[]> =>
  (await world.truth<{ id: string; archived: boolean }>('crm', 'products'))
    .filter(({ archived }) => !archived)
    .map(({ id }) => id);

describe('removals on the command line', () => {
  it('stop at too many, are shown, and go ahead when a person approves', async () => {
    expect(await active()).toBe(77);
    for (const id of (await productIds()).slice(0, 25))
      await world.control('crm', 'DELETE', `records/products/${id}`);
    const stopped = await world.causeway('sync', 'products', '--once');
    expect(stopped.code).toBe(1);
    const run = /25 removals wait for an answer: causeway approve (\d+)/.exec(stopped.stdout)?.[1] ?? '';
    expect(await active()).toBe(77);
    const status = await world.causeway('status');
    expect([status.code, status.stdout]).toEqual([1, expect.stringContaining(`causeway approve ${run}`)]);
    const shown = await world.causeway('approve', run, '--json');
    expect([shown.code, JSON.parse(shown.stdout)]).toMatchObject([
      1,
      { answered: 0, questions: [{ kind: 'removal', count: 25, reasons: { deleted: 25 } }] },
    ]);
    expect((await world.causeway('approve', '999', '--yes')).code).toBe(2);
    const approved = await world.causeway('approve', run, '--yes');
    expect([approved.code, approved.stdout]).toEqual([0, expect.stringContaining('25 approved.')]);
    expect((await world.causeway('sync', 'products', '--once')).code).toBe(0);
    expect(await active()).toBe(52);
  });

  it('follow a sweep, which finds what HubSpot deleted for good', async () => {
    const before = await active();
    for (const id of (await productIds()).slice(0, 3))
      await world.control('crm', 'DELETE', `records/products/${id}?purge`);
    expect((await world.causeway('sync', 'products', '--once')).code).toBe(0);
    expect(await active()).toBe(before);
    await world.control('crm', 'PUT', 'misbehave', { emptyListings: true });
    const empty = await world.causeway('sweep', 'products');
    expect([empty.code, empty.stdout]).toEqual([3, expect.stringContaining('the listing is not believed')]);
    await world.control('crm', 'PUT', 'misbehave', {});
    const swept = await world.causeway('sweep', 'products', '--json');
    expect([swept.code, JSON.parse(swept.stdout)]).toMatchObject([0, { scan: { deleted: 3, asked: 0 } }]);
    expect(await active()).toBe(before - 3);
  });
});
