import { describe, expect, it } from 'vitest';
import { keepsPayloads, requireRetentionFlows, unknownRetentionFlows } from '../../src/config/retention.ts';
import { problem } from '../../src/errors/catalogue.ts';

const retention = {
  history: 1,
  runs: 1,
  jobs: 1,
  payloads: { default: 'keep', flows: { orders: 'hashes', 'orders.note': 'keep' } },
} as const;

describe('what is kept of payloads', () => {
  it('is said for each flow, and a flow under `also` follows its file unless it is named', () => {
    const kept = ['accounts', 'orders', 'orders.lines', 'orders.note'].map((flow) =>
      keepsPayloads(retention, flow),
    );
    expect(kept).toEqual([true, false, false, true]);
  });

  it('is not said of a flow that does not exist: a misspelt name would keep what must not be kept', () => {
    const [unknown] = unknownRetentionFlows(retention, ['order', 'orders.note']);
    expect(unknown).toMatchObject({
      code: 'retention_unknown_flow',
      message: expect.stringContaining('did you mean `order`?') as string,
    });
    const current = () => [{ flow: 'accounts' }];
    expect(() => requireRetentionFlows(retention, { current, problems: () => [] })).toThrow(
      'retention_unknown_flow',
    );
  });

  it('is believed while a mapping file is bad, which may be the one that is named', () => {
    const problems = () => [problem('no_mappings', 'x')];
    expect(() => requireRetentionFlows(retention, { current: () => [], problems })).not.toThrow();
  });
});
