import { describe, expect, it } from 'vitest';
import { hubspot } from '../../../connectors/hubspot/index.ts';
import { bench, secondMs } from './bench.ts';
import type { Bench } from './bench.ts';

const objects = '/crm/v3/objects';
const search = (own: Bench, body: object) => own.call('POST', `${objects}/companies/search`, body);

describe("the sandbox's misbehaviour", () => {
  it('refuses rules that it does not know', async () => {
    const own = await bench();
    await expect(own.misbehave({ indexLag: 5 })).rejects.toThrow('indexLag');
    const options = { file: null, seed: 'empty', port: 0, misbehave: { slow: true }, now: () => new Date() };
    await expect(hubspot.sandbox!(options)).rejects.toThrow('slow');
  });

  it('refuses a data set that it does not have', async () => {
    await expect(bench({ seed: 'southwind' })).rejects.toThrow('northwind');
  });

  it('gives 429 for every nth request, in the words that clients compare', async () => {
    const own = await bench();
    const get = () => own.call('GET', `${objects}/companies`);
    await own.misbehave({ rateLimitEvery: 2 });
    expect((await get()).status).toBe(200);
    const limited = await get();
    expect(limited.status).toBe(429);
    expect(limited.body).toMatchObject({
      errorType: 'RATE_LIMIT',
      policyName: 'TEN_SECONDLY_ROLLING',
      requestId: expect.any(String),
    });
    expect(limited.headers['x-hubspot-ratelimit-remaining']).toBe('0');
    expect(limited.headers['retry-after']).toBeUndefined();
    await own.misbehave({
      rateLimitEvery: 1,
      rateLimitPolicy: 'SECONDLY',
      rateLimitHeaders: false,
      retryAfterSeconds: 3,
    });
    const secondly = await get();
    expect(secondly.body.message).toBe('You have reached your secondly limit.');
    expect(secondly.headers['x-hubspot-ratelimit-max']).toBeUndefined();
    expect(secondly.headers['retry-after']).toBe('3');
  });

  it('keeps real limits when told to, the searches in a second of their own', async () => {
    const own = await bench();
    await own.misbehave({ requestsPerTenSeconds: 3, searchesPerSecond: 2 });
    const statuses = [];
    for (let index = 0; index < 4; index += 1)
      statuses.push((await own.call('GET', `${objects}/deals`)).status);
    for (let index = 0; index < 3; index += 1) statuses.push((await search(own, {})).status);
    expect(statuses).toEqual([200, 200, 200, 429, 200, 200, 429]);
    own.clock.advance(secondMs);
    expect((await search(own, {})).status).toBe(200);
    expect((await own.call('GET', `${objects}/deals`)).status).toBe(429);
    own.clock.advance(10 * secondMs);
    expect((await own.call('GET', `${objects}/deals`)).status).toBe(200);
  });

  it('commits and then loses the answer of every nth write', async () => {
    const own = await bench();
    await own.misbehave({ loseAnswerEvery: 2 });
    const write = () => own.call('POST', `${objects}/companies`, { properties: { name: 'X' } });
    expect((await write()).status).toBe(201);
    await expect(write()).rejects.toThrow('broke before the answer');
    expect(await own.all('companies')).toHaveLength(2);
  });

  it('fails every nth request, refuses rows, empties lists and expires the token', async () => {
    const own = await bench({ seed: 'northwind' });
    const [one] = await own.all('companies');
    const list = () => own.call('GET', `${objects}/companies`);
    await own.misbehave({ unavailableEvery: 1, unavailableStatus: 503 });
    expect((await list()).status).toBe(503);
    await own.misbehave({ refuseIds: [one!.id] });
    expect(
      (await own.call('PATCH', `${objects}/companies/${one!.id}`, { properties: { name: 'X' } })).status,
    ).toBe(400);
    await own.misbehave({ emptyListings: true });
    expect((await list()).body.results).toEqual([]);
    expect((await search(own, {})).body).toEqual({ total: 0, results: [] });
    await own.misbehave({ expireTokenAfter: 1 });
    expect((await list()).status).toBe(200);
    expect((await list()).body.category).toBe('EXPIRED_AUTHENTICATION');
  });

  it('shows a change to the search late, and a late commit to everybody late, with the stamp of its beginning', async () => {
    const own = await bench();
    const { id } = await own.add('companies', { name: 'Before' });
    const found = async () =>
      (await search(own, { properties: ['name'] })).body.results.map((result) => result.properties['name']);
    const read = async () => (await own.call('GET', `${objects}/companies/${id}?properties=name`)).body;
    await own.misbehave({ indexLagMs: 5000 });
    await own.edit('companies', id, { name: 'After' });
    expect(await found()).toEqual(['Before']);
    expect((await read()).properties['name']).toBe('After');
    own.clock.advance(5000);
    expect(await found()).toEqual(['After']);
    await own.misbehave({ lateCommitMs: 5000 });
    const begun = own.clock.now().toISOString();
    await own.edit('companies', id, { name: 'Late' });
    own.clock.advance(4999);
    expect((await read()).properties['name']).toBe('After');
    own.clock.advance(1);
    expect(await read()).toMatchObject({ properties: { name: 'Late' }, updatedAt: begun });
    expect(await found()).toEqual(['Late']);
  });

  it('takes no requests while it is down, and all of them afterwards', async () => {
    const own = await bench();
    await own.misbehave({ downForMs: 5000 });
    await expect(own.call('GET', `${objects}/companies`)).rejects.toThrow('broke before the answer');
    own.clock.advance(5000);
    expect((await own.call('GET', `${objects}/companies`)).status).toBe(200);
  });

  it('counts the requests by operation', async () => {
    const own = await bench();
    await search(own, {});
    await own.call('GET', `${objects}/companies`);
    expect(await own.stats()).toMatchObject({ requests: 2, operations: { search: 1, list: 1 } });
  });
});
