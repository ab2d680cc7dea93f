import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { type Running, startRunning } from './running.ts';
import { startWorld, type World } from './processes.ts';

let world: World;
let service: Running;
let database: pg.Client | undefined;
const agent = new Agent({ keepAlive: true });

afterEach(async () => {
  agent.destroy();
  await service.kill();
  await database?.end();
  await world.close();
});

/** A process lets 200 wait. */
const waiting = 150;

it('SIGTERM answers callers who wait before the process ends, and nothing of them fails', async () => {
  world = await startWorld({ crm: 'empty', erp: 'empty:19' });
  service = startRunning('start', '--json', '--config', world.config);
  await service.until('"url"');
  await service.until('}\n');
  const [, url = ''] = /"url": ?"([^"]+)"/u.exec(service.said()) ?? [];
  database = new pg.Client({ connectionString: world.database });
  await database.connect();
  // A resync that does not come to its end.
  const { rows } = await database.query<{ id: string }>(
    `with r as (insert into causeway.resync_request (flow, choice, state, asked_by, chosen_at, counts)
       values ('accounts', '{"by":"ids","ids":["1"]}', 'running', 'a test', now(), '{"asked":1}') returning id)
     insert into causeway.resync_item (request_id, source_id, queued_at) select id, '1', now() from r returning request_id as id`,
  );
  const begun = Array.from({ length: waiting }, () => {
    const request = get(`${url}/v1/resyncs/${rows[0]?.id}`, { agent, headers: { prefer: 'wait=30' } });
    const status = once(request, 'response').then(
      ([answer]) => (answer as IncomingMessage).resume().statusCode,
    );
    return { sent: once(request, 'finish'), status };
  });
  await Promise.all(begun.map(({ sent }) => sent));
  // They were all sent before this one, which is answered at once.
  await (await fetch(`${url}/healthz`)).text();
  service.tell('SIGTERM');
  const ends = await Promise.all(begun.map(({ status }) => status.catch((error: Error) => error.message)));
  expect(new Set(ends)).toEqual(new Set([200]));
  const { code, said } = await service.ended();
  expect(code, said).toBe(0);
  expect(said).not.toMatch(/after calling end|could not be answered/u);
}, 120_000);
