import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../integration/receiver.ts';
import { readExposition } from '../telemetry/read-exposition.ts';
import { startWorld, type World } from './processes.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let world: World;
let receiver: Receiver;
beforeEach(async () => {
  world = await startWorld({ crm: 'empty', erp: 'empty' });
  receiver = await startReceiver(secret);
});
afterEach(async () => {
  await world.close();
  await receiver.close();
});

const allowing = (): string =>
  `\nalerts:\n  webhook: { url: "${receiver.url}", secret: "${secret}", allow_private: true }\n`;

type Status = { readonly alerts: readonly { readonly key: string; readonly remedy: string }[] };

describe('a service', () => {
  it('tells of a mapping that failed to load, in the webhook, in status and in the metrics', async () => {
    await appendFile(world.config, allowing());
    await writeFile(join(world.mappings, 'broken.yaml'), 'flow: broken\nreed: {}\n');
    const service = await world.service();
    await receiver.has(1);
    const status = await world.causeway('status', '--json');
    const { alerts } = JSON.parse(status.stdout) as Status;
    const page = await (await fetch(`${service.url}/metrics`)).text();
    expect((await service.stop('SIGTERM')).code).toBe(0);

    const told = receiver.received.map(({ type, data }) => [type, data.key.replace(/\/.*\//u, '/')]);
    expect(told).toEqual([['alert.raised', 'mapping_not_loaded/broken.yaml']]);
    expect(status.code).toBe(1);
    expect(alerts).toMatchObject([{ remedy: expect.stringContaining('causeway check') }]);
    const families = readExposition(page);
    expect(families.get('causeway_alerts_open')?.samples.map(({ value }) => value)).toEqual([0, 1]);
    expect(families.get('causeway_mapping_problems')?.samples[0]?.value).toBeGreaterThan(0);
    expect(page + status.stdout).not.toContain(secret.slice('whsec_'.length));
  }, 240_000);
});
