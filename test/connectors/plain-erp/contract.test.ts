import { type RecordedRefusal, type SinkBench, sinkContract } from '../../contract/sink.ts';
import { plainErp } from '../../faults/bench/plain-erp/index.ts';
import { openPlain } from './bench.ts';

const canary = 'canary-in-an-error-page';
const coded = (status: number, code: string): unknown => ({
  status,
  body: { error: { code, message: 'It was refused for this reason.' } },
});

const errors: readonly RecordedRefusal[] = [
  { name: 'an unknown key', kind: 'auth', answer: coded(401, 'unauthorized') },
  { name: 'a missing right', kind: 'config', answer: coded(403, 'forbidden') },
  { name: 'a batch that is refused as a whole', kind: 'invalid_record', answer: coded(400, 'batch_refused') },
  { name: 'an error inside an answer of success', kind: 'transient', answer: coded(200, 'busy') },
  { name: 'an unknown error inside an answer of success', kind: 'bug', answer: coded(200, 'surprise') },
  { name: 'a 429', kind: 'rate_limited', answer: coded(429, 'too_many_requests') },
  { name: 'a 429 of a proxy', kind: 'rate_limited', answer: { status: 429, text: `<h1>${canary}</h1>` } },
  { name: 'a 503', kind: 'transient', answer: { status: 503, text: `<h1>${canary}</h1>` } },
  {
    name: 'a 502 in answer to a write',
    kind: 'ambiguous',
    answer: { status: 502, text: `<h1>${canary}</h1>` },
  },
  { name: 'a 504 in answer to a write', kind: 'ambiguous', answer: { status: 504, text: '' } },
  { name: 'a request that is too large', kind: 'invalid_record', answer: { status: 413, text: '' } },
  { name: 'a page in place of JSON', kind: 'config', answer: { status: 200, text: `<h1>${canary}</h1>` } },
  { name: 'a redirect', kind: 'config', answer: { status: 301, headers: { location: 'https://x.example' } } },
];

async function open(): Promise<SinkBench> {
  const bench = await openPlain();
  const { sink: capabilities } = plainErp.capabilities;
  if (capabilities === null) throw new Error('the plain ERP has no sink');
  return {
    sink: bench.sink,
    capabilities,
    entity: 'customer',
    fields: { name: 'name', optional: 'note' },
    valid: (number) => ({ name: `Company ${number}`, code: `C${number}`, date: '2026-03-01' }),
    invalid: { values: { note: 'x'.repeat(2001) }, field: 'note' },
    async make(count) {
      const ids: string[] = [];
      for (let index = 0; index < count; index += 1)
        ids.push((await bench.ask<{ id: string }>('POST', 'records/customer', { name: `Made ${index}` })).id);
      return ids;
    },
    remove: async (id) => void (await bench.ask('DELETE', `records/customer/${id}`)),
    count: async () => (await bench.ask<unknown[]>('GET', 'records/customer')).length,
    unknownId: '999999',
    loseAnswers: () => bench.misbehave({ loseAnswerEvery: 1 }),
    limitRate: (seconds) => bench.misbehave({ rateLimitEvery: 1, retryAfterSeconds: seconds }),
    answerWith: (answer) => bench.misbehave({ answer }),
    behave: () => bench.misbehave({}),
    requests: async () => {
      const { requests } = await bench.ask<{ requests: Record<string, number> }>('GET', 'stats');
      return Object.values(requests).reduce((sum, count) => sum + count, 0);
    },
    reconnect: () => bench.connect(),
    logged: () => bench.lines.join(''),
    secrets: [String(bench.sandbox.settings['apiKey']), canary],
    close: () => bench.close(),
  };
}

sinkContract('A plain ERP', { open, errors });
