import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from './processes.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
  await world.causeway('sync', 'accounts', '--once');
}, 120_000);
afterAll(() => world.close());

const rewind = (...words: string[]) => world.causeway('cursor', 'rewind', 'crm', 'companies', ...words);

describe('causeway cursor rewind', () => {
  it.each([
    [[], 'either --to with a time or --to-start'],
    [['--to-start'], 'Nobody can be asked here: give --yes'],
    [['--to', 'yesterday', '--yes'], 'is no time'],
    [['--to', '2099-01-01', '--yes'], 'is set back and never on'],
  ])('is refused with %j, in plain words, and sets nothing back', async (words, said) => {
    const before = await world.causeway('cursor', 'show', '--json');
    expect(await rewind(...words)).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
    expect((await world.causeway('cursor', 'show', '--json')).stdout).toBe(before.stdout);
  });

  it('names what was read where the stream is unknown', async () => {
    expect(await world.causeway('cursor', 'rewind', 'crm', 'company', '--to-start', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('crm companies'),
    });
  });

  it('has everything read again by the next run, which sends nothing', async () => {
    const { code, stdout } = await rewind('--to-start', '--yes', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { connection: 'crm', entity: 'companies', rewound: true, to: null },
    ]);
    const { flows } = JSON.parse((await world.causeway('sync', 'accounts', '--json')).stdout) as {
      flows: { read: number; created: number; updated: number }[];
    };
    expect(flows).toMatchObject([{ read: expect.any(Number), created: 0, updated: 0 }]);
    expect(flows[0]?.read).toBeGreaterThanOrEqual(91);
  }, 60_000);
});
