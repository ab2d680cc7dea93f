import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A door between a process and its database, which a test can hold shut or take away. */
export type DatabaseDoor = {
  /** The database's address through the door. */
  readonly url: string;
  /** From now on nothing passes, and nobody is told: as when a server hangs. */
  hang(): void;
  /** From now on every connection is refused, and those that are open are cut: as when a server is gone. */
  vanish(): Promise<void>;
  close(): Promise<void>;
};

export async function doorTo(url: string): Promise<DatabaseDoor> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let hanging = false;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (bytes) => hanging || far.write(bytes));
    far.on('data', (bytes) => hanging || near.write(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  const vanish = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { url: through.href, hang: () => (hanging = true), vanish, close: vanish };
}
