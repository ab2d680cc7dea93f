/**
 * The least that a live lookup can be: bare Fastify, one statement for the link, one call by axios. Usage:
 * node test/bench/lookup-relay.ts DATABASE ERP CALL
 */
import axios from 'axios';
import Fastify from 'fastify';
import { Agent } from 'node:http';
import pg from 'pg';

const [connectionString, erp = '', call = '{}'] = process.argv.slice(2);
const { path, headers, body } = JSON.parse(call) as {
  path: string;
  headers: { [name: string]: string };
  body: { [name: string]: unknown };
};
const database = new pg.Pool({ connectionString, max: 4 });
const httpAgent = new Agent({ keepAlive: true });
const app = Fastify();
app.get<{ Params: { key: string } }>('/v1/lookups/live/:key', async (request, answer) => {
  const { rows } = await database.query<{ target_id: string }>(
    'select target_id from causeway.link where flow = $1 and source_id = $2',
    ['accounts', request.params.key],
  );
  const domain = [['id', 'in', [Number(rows[0]?.target_id)]]];
  const { data } = await axios.post<{ name: string; city: string; ref: string }[]>(
    `${erp}${path}`,
    { ...body, domain },
    { headers, httpAgent },
  );
  const [{ name, city, ref }] = data as [{ name: string; city: string; ref: string }];
  return answer.send({ lookup: 'live', key: request.params.key, reply: { name, city, reference: ref } });
});
console.log(`listening at ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
process.once('disconnect', () => process.exit(0));
