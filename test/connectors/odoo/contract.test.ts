import { odoo } from '../../../connectors/odoo/index.ts';
import { type SinkBench, sinkContract } from '../../contract/sink.ts';
import { openBench } from './bench.ts';
import { asJson2, asJsonRpc, canary, fromTheFront, recorded } from './recorded-errors.ts';

type Subject = Pick<SinkBench, 'entity' | 'fields' | 'valid' | 'invalid'>;

const partners: Subject = {
  entity: 'res.partner',
  fields: { name: 'name', optional: 'street' },
  valid: (number) => ({ name: `Company ${number}`, is_company: true, country_id: 'DE' }),
  invalid: { values: { type: 'nonsense' }, field: 'type' },
};

/** A model that somebody made in Odoo's own screens. */
const machines: Subject = {
  entity: 'x_machine',
  fields: { name: 'x_name', optional: 'x_serial_number' },
  valid: (number) => ({
    x_name: `Machine ${number}`,
    x_partner_id: '1',
    x_state: 'running',
    x_power_kw: '7.5',
    x_commissioned_on: '2026-03-01',
    x_under_warranty: true,
  }),
  invalid: { values: { x_state: 'nonsense' }, field: 'x_state' },
};

const open =
  (seed: string, transport: string, subject = partners) =>
  async (): Promise<SinkBench> => {
    const bench = await openBench({ seed, settings: { transport } });
    const { sink: capabilities } = odoo.capabilities;
    if (capabilities === null) throw new Error('the Odoo connector has no sink');
    return {
      sink: bench.sink,
      capabilities,
      ...subject,
      async make(count) {
        const ids: string[] = [];
        for (let index = 0; index < count; index += 1)
          ids.push(String(await bench.add(subject.entity, { [subject.fields.name]: `Made ${index}` })));
        return ids;
      },
      remove: (id) => bench.remove(subject.entity, id),
      count: async () => (await bench.rows(subject.entity)).length,
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
sinkContract('A custom model of Odoo 19', { open: open('fresh:19', 'auto', machines), errors: [] });
sinkContract('A custom model of Odoo 16', { open: open('fresh:16', 'auto', machines), errors: [] });
