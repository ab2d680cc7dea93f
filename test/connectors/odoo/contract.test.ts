import { odoo } from '../../../connectors/odoo/index.ts';
import { type SinkBench, sinkContract } from '../../contract/sink.ts';
import { openBench } from './bench.ts';
import { asJson2, asJsonRpc, canary, fromTheFront, recorded } from './recorded-errors.ts';

const open = (seed: string, transport: string) => async (): Promise<SinkBench> => {
  const bench = await openBench({ seed, settings: { transport } });
  const { sink: capabilities } = odoo.capabilities;
  if (capabilities === null) throw new Error('the Odoo connector has no sink');
  return {
    sink: bench.sink,
    capabilities,
    entity: 'res.partner',
    fields: { name: 'name', optional: 'street' },
    valid: (number) => ({ name: `Company ${number}`, is_company: true, country_id: 'DE' }),
    invalid: { values: { type: 'nonsense' }, field: 'type' },
    async make(count) {
      const ids: string[] = [];
      for (let index = 0; index < count; index += 1)
        ids.push(String(await bench.add('res.partner', { name: `Made ${index}` })));
      return ids;
    },
    remove: (id) => bench.remove('res.partner', id),
    count: async () => (await bench.rows('res.partner')).length,
    unknownId: '999999',
    loseAnswers: () => bench.misbehave({ loseAnswerEvery: 1 }),
    limitRate: (seconds) => bench.misbehave({ rateLimitEvery: 1, retryAfterSeconds: seconds }),
    answerWith: (answer) => bench.misbehave({ answer }),
    behave: () => bench.misbehave({}),
    requests: async () => Object.values(await bench.calls()).reduce((sum, count) => sum + count, 0),
    reconnect: () => bench.connect(),
    logged: () => bench.lines.join(''),
    secrets: [String(bench.sandbox.settings['apiKey']), canary],
    close: () => bench.close(),
  };
};

const overJson2 = recorded.map(({ name, kind, ...error }) => ({ name, kind, answer: asJson2(error) }));
const overJsonRpc = recorded.map(({ name, kind, ...error }) => ({ name, kind, answer: asJsonRpc(error) }));

sinkContract('Odoo 19 over JSON-2', {
  open: open('fresh:19', 'auto'),
  errors: [...overJson2, ...fromTheFront],
});
sinkContract('Odoo 19 over JSON-RPC', {
  open: open('fresh:19', 'jsonrpc'),
  errors: [...overJsonRpc, ...fromTheFront],
});
sinkContract('Odoo 16 over JSON-RPC', {
  open: open('fresh:16', 'auto'),
  errors: [...overJsonRpc, ...fromTheFront],
});
