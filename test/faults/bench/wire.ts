/** A TCP proxy between a worker and one of the systems that it speaks to: what a bad network does to connections. */
import { createServer, type Server, type Socket, connect } from 'node:net';
import type { AddressInfo } from 'node:net';

export type Wire = {
  readonly port: number;
  /** Resets every connection; gives how many there were. */
  cut(): number;
  /** Every byte arrives so much later. */
  delay(ms: number): void;
  /** Nothing arrives and nothing is closed, in either direction, until it is let go. */
  stall(on: boolean): void;
  /** Takes no connections. */
  refuse(on: boolean): void;
  /** The next answer is cut in the middle, and its connection with it. */
  truncateNext(struck: () => void): void;
  /** How many connections are open. */
  open(): number;
  /** Ends all misbehaviour. */
  heal(): void;
  close(): Promise<void>;
};

type Line = { readonly client: Socket; readonly server: Socket; readonly held: (() => void)[] };

type Weather = { delayMs: number; stalled: boolean; refusing: boolean; truncate: (() => void) | null };

/** Opens a wire to whatever listens on the port that `target` names at that moment. */
export async function openWire(target: () => number): Promise<Wire> {
  const weather: Weather = { delayMs: 0, stalled: false, refusing: false, truncate: null };
  const lines = new Set<Line>();
  const server = createServer({ noDelay: true }, (client) => accept(client, target(), weather, lines));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = (): number => {
    const count = lines.size;
    for (const line of lines) hangUp(line);
    return count;
  };
  const letGo = (): void => {
    weather.stalled = false;
    for (const { held } of lines) for (const pass of held.splice(0)) pass();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    delay: (ms) => void (weather.delayMs = ms),
    stall: (on) => (on ? void (weather.stalled = true) : letGo()),
    refuse: (on) => void (weather.refusing = on),
    truncateNext: (struck) => void (weather.truncate = struck),
    open: () => lines.size,
    heal() {
      Object.assign(weather, { delayMs: 0, refusing: false, truncate: null });
      letGo();
    },
    close: () => closeServer(server, cut),
  };
}

async function closeServer(server: Server, cut: () => number): Promise<void> {
  cut();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}

function hangUp({ client, server }: Line): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}

function accept(client: Socket, port: number, weather: Weather, lines: Set<Line>): void {
  if (weather.refusing) return void client.resetAndDestroy();
  const server = connect({ port, host: '127.0.0.1', noDelay: true });
  const line: Line = { client, server, held: [] };
  lines.add(line);
  client.on('close', () => lines.delete(line));
  carry(line, client, server, weather, false);
  carry(line, server, client, weather, true);
}

/** Carries bytes one way. What is held back is dropped when either end goes away, as bytes in a dead network are. */
function carry(line: Line, from: Socket, to: Socket, weather: Weather, answers: boolean): void {
  const pass = (work: () => void): void => {
    if (weather.stalled || line.held.length > 0) line.held.push(work);
    else if (weather.delayMs > 0) setTimeout(work, weather.delayMs);
    else work();
  };
  from.on('data', (bytes) => {
    if (answers && weather.truncate !== null) {
      weather.truncate();
      weather.truncate = null;
      to.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => hangUp(line));
      return;
    }
    pass(() => void (to.destroyed || to.write(bytes)));
  });
  from.on('end', () => pass(() => void to.end()));
  from.on('error', () => to.destroy());
  from.on('close', () => {
    line.held.length = 0;
    to.destroySoon();
  });
  to.on('close', () => from.destroy());
}
