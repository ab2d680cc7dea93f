import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { between, closeAll, once, readChanges, sql, stateOf } from './setting.ts';

afterEach(closeAll);

describe('an intent', () => {
  it('does not outlive a record that goes away before its create was ever carried out', async () => {
    const { source, sink, journey } = await between();
    source.put('c1', { name: 'Acme' });
    sink.before = once(async () => {
      source.remove('c1');
      await readChanges(journey);
      throw new Fault({ kind: 'transient', code: 'busy', message: 'The ERP is busy.' });
    });
    await journey.carry();
    expect(await stateOf(journey, 'c1')).toBe('removed');
    expect(sink.lookUps).toHaveLength(1);
    expect(sink.records.size).toBe(0);
    expect(await sql(journey, 'select * from causeway.intent')).toEqual([]);
  });
});
