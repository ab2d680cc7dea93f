import { hubspot } from '../../../connectors/hubspot/index.ts';
import { sourceContract } from '../../contract/source.ts';
import type { SourceBench } from '../../contract/source.ts';
import { bench } from './bench.ts';
import { aWebhook } from './a-webhook.ts';
import { recordedErrors, secretInAnswers } from './recorded-errors.ts';

type Subject = { readonly entity: string; readonly path: string; readonly with: readonly string[] };

async function open({ entity, path, with: related }: Subject): Promise<SourceBench> {
  const own = await bench({ settings: { overlapSeconds: 60, settledSeconds: 15 } });
  const create = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    while (ids.length < count) {
      const inputs = Array.from({ length: Math.min(100, count - ids.length) }, (_, index) => ({
        properties: { name: `Made ${ids.length + index}` },
      }));
      const { body } = await own.call('POST', `/crm/v3/objects/${path}/batch/create`, { inputs });
      ids.push(...body.results.map(({ id }) => id).toReversed());
    }
    return ids;
  };
  return {
    source: own.source,
    capabilities: hubspot.capabilities.source!,
    webhook: (ids) => aWebhook(own, { entity, with: related }, ids),
    entity,
    with: related,
    clock: own.clock,
    graceMs: 75_000,
    create,
    edit: async (id) => void (await own.edit(entity, id, { name: 'Edited' })),
    createLate: async (ms) => {
      await own.misbehave({ lateCommitMs: ms });
      const { id } = await own.add(entity, { name: 'Late' });
      await own.misbehave({});
      return id;
    },
    remove: (id) => own.remove(entity, id),
    unknownId: '99999999999',
    answerWith: (answer) => own.misbehave({ answer }),
    requests: async () => (await own.stats()).requests,
    reconnect: () => own.connect().source!,
    logged: () => own.lines.join(''),
    secrets: [String(own.sandbox.settings['token']), secretInAnswers],
    close: async () => {},
  };
}

const companies = { entity: 'companies', path: 'companies', with: [] };
// By its type id, which is what webhooks call a custom object by.
const machines = { entity: '2-31460077', path: 'p_machines', with: ['company'] };

sourceContract('HubSpot', { open: () => open(companies), errors: recordedErrors });
sourceContract('A custom object of HubSpot', { open: () => open(machines), errors: recordedErrors });
