/** What every source that takes webhooks must do with them. */
import { expect, it } from 'vitest';
import type { WebhookReceipt, WebhookRequest } from '../../src/connector/webhook.ts';
import type { SourceBench } from './source.ts';

type Open = () => Promise<SourceBench>;

/** The webhook that the vendor would send, and how the source takes it when something of it is changed. */
async function setting(open: Open) {
  const bench = await open();
  const { source, webhook } = bench;
  if (webhook === null || source.receiveWebhook === undefined) return null;
  const genuine = webhook(['4711', '4712']);
  const take = (change: Partial<WebhookRequest> = {}): WebhookReceipt =>
    source.receiveWebhook?.({ ...genuine, ...change }) ?? { status: 'refused', why: 'malformed' };
  return { bench, genuine, take };
}

export function webhookCases(open: Open): void {
  it('takes webhooks exactly when it says that it can', async () => {
    const { source, capabilities, webhook } = await open();
    expect([source.receiveWebhook !== undefined, source.nestedInto !== undefined, webhook !== null]).toEqual([
      capabilities.webhooks,
      capabilities.webhooks,
      capabilities.webhooks,
    ]);
  });

  it('takes a webhook of its vendor for a hint of each record, and for nothing more', async () => {
    const own = await setting(open);
    if (own === null) return;
    const { entity } = own.bench;
    expect(own.take()).toMatchObject({
      status: 'taken',
      hints: [
        { entity, id: '4711' },
        { entity, id: '4712' },
      ],
    });
  });

  it('counts what nothing here reads, and makes no hint of it', async () => {
    const own = await setting(open);
    if (own === null) return;
    const taken = own.take({ reads: [] });
    expect(taken).toMatchObject({ status: 'taken', hints: [] });
    expect(Object.values(taken.status === 'taken' ? taken.ignored : {}).length).toBeGreaterThan(0);
  });

  it('refuses a forged webhook: another body, address or method, another signature, or none', async () => {
    const own = await setting(open);
    if (own === null) return;
    const { genuine, take } = own;
    const signed = Object.entries(genuine.headers).filter(([name]) => /signature/iu.test(name));
    const forged = [
      take({ body: Buffer.concat([genuine.body, Buffer.from(' ')]) }),
      take({ url: `${genuine.url}?x=1` }),
      take({ method: 'PUT' }),
      ...signed.map(([name]) => take({ headers: { ...genuine.headers, [name]: 'AAAA' } })),
      take({ headers: {} }),
    ];
    for (const receipt of forged) expect(receipt).toMatchObject({ status: 'refused' });
  });

  it('refuses a webhook that is stale, from the future, or whose time was changed', async () => {
    const own = await setting(open);
    if (own === null) return;
    const { genuine, take } = own;
    const hour = 3_600_000;
    const later = take({ now: new Date(genuine.now.getTime() + hour) });
    const earlier = take({ now: new Date(genuine.now.getTime() - hour) });
    expect([later, earlier]).toEqual([
      { status: 'refused', why: 'stale' },
      { status: 'refused', why: 'stale' },
    ]);
    const stamp = Object.keys(genuine.headers).find((name) => /timestamp/iu.test(name));
    const headers = { ...genuine.headers, [stamp ?? '']: String(genuine.now.getTime() + 1) };
    expect(take({ headers })).toEqual({ status: 'refused', why: 'forged' });
  });

  it('names each webhook for as long as its signature is good, so that it can be refused a second time', async () => {
    const own = await setting(open);
    if (own === null) return;
    const [first, second] = [own.take(), own.take()];
    if (first.status !== 'taken' || first.once === null) throw new Error('it has no name');
    expect(second).toEqual(first);
    const until = first.once.until;
    expect(own.take({ now: new Date(until.getTime()) })).toMatchObject({ status: 'taken' });
    expect(own.take({ now: new Date(until.getTime() + 1) })).toMatchObject({ status: 'refused' });
  });
}
