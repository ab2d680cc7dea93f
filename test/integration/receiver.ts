import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signature } from '../../src/http/webhook.ts';

/** A notice as its receiver sees it, after its signature was verified. */
export type Received = {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly key: string; readonly message: string; readonly resolvedAt: string | null };
  readonly text: string;
};

export type Receiver = {
  readonly url: string;
  /** Every notice that came with a good signature, those that were not taken included. */
  readonly received: Received[];
  /** The status that it answers with. */
  status: number;
  /** Resolves when so many notices have come. */
  has(count: number): Promise<void>;
  close(): Promise<void>;
};

/** A real HTTP receiver that knows the secret, and refuses what is signed by anybody else. */
export async function startReceiver(secret: string): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, reply) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signed } = request.headers;
      if (signed !== signature(secret, String(id), String(at), text)) return reply.writeHead(401).end();
      received.push({ id: String(id), text, ...(JSON.parse(text) as Pick<Received, 'type' | 'data'>) });
      server.emit('received');
      return reply.writeHead(receiver.status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    status: 200,
    async has(count) {
      while (received.length < count) await once(server, 'received');
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
