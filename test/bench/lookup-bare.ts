/** Bare Fastify, to compare with. Usage: node test/bench/lookup-bare.ts text|object REPLY */
import Fastify from 'fastify';

const [how, reply = '{}'] = process.argv.slice(2);
const object: unknown = JSON.parse(reply);
const app = Fastify();
app.get('/v1/lookups/:name/:key', (_request, answer) =>
  how === 'text' ? answer.type('application/json; charset=utf-8').send(reply) : answer.send(object),
);
console.log(`listening at ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
process.once('disconnect', () => process.exit(0));
