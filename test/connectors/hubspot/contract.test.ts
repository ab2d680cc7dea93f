import { sourceContract } from '../../contract/source.ts';
import type { SourceBench } from '../../contract/source.ts';
import { bench } from './bench.ts';
import { recordedErrors, secretInAnswers } from './recorded-errors.ts';

async function open(): Promise<SourceBench> {
  const own = await bench({ settings: { overlapSeconds: 60, settledSeconds: 15 } });
  const create = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    while (ids.length < count) {
      const inputs = Array.from({ length: Math.min(100, count - ids.length) }, (_, index) => ({
        properties: { name: `Made ${ids.length + index}` },
      }));
      const { body } = await own.call('POST', '/crm/v3/objects/companies/batch/create', { inputs });
      ids.push(...body.results.map(({ id }) => id).toReversed());
    }
    return ids;
  };
  return {
    source: own.source,
    entity: 'companies',
    with: [],
    clock: own.clock,
    graceMs: 75_000,
    create,
    edit: async (id) => void (await own.edit('companies', id, { city: 'Elsewhere' })),
    createLate: async (ms) => {
      await own.misbehave({ lateCommitMs: ms });
      const { id } = await own.add('companies', { name: 'Late' });
      await own.misbehave({});
      return id;
    },
    remove: (id) => own.remove('companies', id),
    unknownId: '99999999999',
    answerWith: (answer) => own.misbehave({ answer }),
    requests: async () => (await own.stats()).requests,
    reconnect: () => own.connect().source!,
    logged: () => own.lines.join(''),
    secrets: [String(own.sandbox.settings['token']), secretInAnswers],
    close: async () => {},
  };
}

sourceContract('HubSpot', { open, errors: recordedErrors });
