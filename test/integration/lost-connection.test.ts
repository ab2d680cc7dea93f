import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, transaction, within } from '../../src/store/database.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';

let own: TestDatabase;
let door: Server;
let url: string;
const sockets: Socket[] = [];

/** What PostgreSQL says as it throws a session out (SQLSTATE 57P01); its protocol, section 54.7. */
function farewell(): Buffer {
  const fields = ['SFATAL', 'VFATAL', 'C57P01', 'Mterminating connection due to administrator command', ''];
  const body = Buffer.from(`${fields.join('\0')}\0`);
  const head = Buffer.alloc(5, 'E');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** The message that ends a sign-in: the session is idle and takes questions. */
const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

beforeAll(async () => {
  own = await freshDatabase();
  const target = new URL(own.url);
  door = createServer((caller) => {
    const server = connect({ host: target.hostname, port: Number(target.port) });
    sockets.push(caller, server);
    for (const socket of [caller, server]) socket.on('error', () => {});
    caller.pipe(server);
    server.on('data', (chunk: Buffer) => {
      if (!chunk.subarray(-readyForQuery.length).equals(readyForQuery)) return void caller.write(chunk);
      // In one piece, as it arrives at a process that stood still meanwhile.
      caller.end(Buffer.concat([chunk, farewell()]));
      server.destroy();
    });
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const through = new URL(own.url);
  through.port = String((door.address() as AddressInfo).port);
  url = through.href;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  door.close();
  await own.drop();
});

it('a session that is thrown out in the moment of its sign-in fails its work, and never the process', async () => {
  const database = openDatabase(url, { max: 2, onError: () => {} });
  await expect(transaction(database, async () => 'done')).rejects.toThrow(/connection|terminat/iu);
  await expect(within(database, { ms: 5000, readOnly: true }, async () => 'done')).rejects.toThrow(
    /connection|terminat/iu,
  );
  await expect(database.query('select 1')).rejects.toThrow(/connection|terminat/iu);
  await database.end();
});
