import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../src/connector/contract.ts';
import { readMappings } from '../../src/mapping/read.ts';
import { checkFlows } from '../../src/sync/check-flows.ts';

type Source = NonNullable<Capabilities['source']>;

const sink: Capabilities['sink'] = {
  creates: true,
  atomicBatches: true,
  idempotentCreates: true,
  listsOwn: false,
  findsByField: false,
  searches: false,
  removals: ['deactivate'],
};
const fixed: Source = {
  entities: { companies: { with: [] } },
  otherEntities: null,
  deletes: 'none',
  webhooks: false,
};
const open: Source = { ...fixed, otherEntities: { with: ['company'] } };

/** What is said against a flow that reads `read` from a source with these capabilities. */
function problems(read: string, source: Source, more = ''): string[] {
  const text = `flow: machines\nread: { from: crm, ${read} }\nwrite: { to: erp, entity: x_machine }\n${more}fields:\n  x_name: { from: name }\n`;
  const { mappings } = readMappings([{ path: 'machines.yaml', text }], []);
  const offers = [
    { name: 'crm', title: 'The CRM', capabilities: { source, sink } },
    { name: 'erp', title: 'The ERP', capabilities: { source: null, sink } },
  ];
  return checkFlows(mappings, offers).map(({ code, message }) => `${code}: ${message}`);
}

describe('a flow that is loaded', () => {
  it('may read an entity that the connector does not know by name, where accounts have their own', () => {
    expect(problems('entity: machines', open)).toEqual([]);
    expect(problems('entity: machines, with: [company]', open)).toEqual([]);
    expect(problems('entity: machines', fixed)).toEqual([
      expect.stringMatching(/^unknown_entity: .*reads machines, which The CRM does not offer/),
    ]);
  });

  it('may read such an entity only with what the connector says', () => {
    expect(problems('entity: machines, with: [owner]', open)).toEqual([
      expect.stringMatching(/^unknown_entity: .*with owner.* It can be read with company\.$/),
    ]);
    expect(problems('entity: companies, with: [company]', open)).toEqual([
      expect.stringMatching(/^unknown_entity: .* It can be read with nothing else\.$/),
    ]);
  });

  it('may remove what was deleted only where the source tells of deletes, or is listed regularly', () => {
    const removes = 'when_deleted: deactivate\n';
    const tells: Source = { ...fixed, deletes: 'tombstone', webhooks: false };
    expect(problems('entity: companies', tells, removes)).toEqual([]);
    expect(problems('entity: companies', fixed, `${removes}full_scan: 1d\n`)).toEqual([]);
    expect(problems('entity: companies', fixed, removes)).toEqual([
      'lacks_capability: The flow machines says when_deleted: deactivate, but The CRM does not tell what was deleted.',
    ]);
  });
});
