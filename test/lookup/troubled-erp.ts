import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** How a system can fail its callers. `well` passes everything on to the system behind it. */
export const troubles = ['hangs', 'refuses', 'drips', 'rubbish'] as const;
export type Trouble = (typeof troubles)[number] | 'well';

/** A door in front of a system that a test opens and shuts. */
export type TroubledErp = {
  readonly url: string;
  trouble: Trouble;
  /** Requests that have come. */
  requests: number;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
};

/** Serves as a stand-in for the system at `behind`, and misbehaves as told: over real sockets, on loopback. */
export async function troubledErp(behind: string): Promise<TroubledErp> {
  const sockets = new Set<Socket>();
  const drips = new Set<NodeJS.Timeout>();
  const server = createServer((request, response) => {
    erp.requests += 1;
    if (erp.trouble === 'well') passOn(behind, request, response);
    else if (erp.trouble === 'refuses') request.socket.destroy();
    else if (erp.trouble === 'rubbish')
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>\0 {"result": [');
    else if (erp.trouble === 'drips') drips.add(drip(response));
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const erp: TroubledErp = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trouble: 'well',
    requests: 0,
    sockets,
    async close() {
      for (const timer of drips) clearInterval(timer);
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  return erp;
}

function passOn(behind: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers } = request;
  const onward = ask(new URL(request.url ?? '/', behind), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

/** A byte a second, of an answer that never ends. */
function drip(response: ServerResponse): NodeJS.Timeout {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('[');
  const timer = setInterval(() => response.write(' '), 1000);
  response.once('close', () => clearInterval(timer));
  return timer;
}
