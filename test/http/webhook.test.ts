import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isPrivateAddress, type Resolve } from '../../src/http/private-address.ts';
import { signature, type WebhookSender, webhookSender, type WebhookTarget } from '../../src/http/webhook.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const never = new AbortController().signal;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** A receiver on this machine; gives its port. */
async function receiver(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function sender(url: string, over: Partial<WebhookTarget> = {}): WebhookSender {
  const made = webhookSender({
    url,
    secret,
    allowPrivate: true,
    now: () => new Date(1_700_000_000_000),
    ...over,
  });
  cleanups.push(made.close);
  return made;
}

const notice = { id: 'n1', body: '{"type":"alert.raised"}' };

describe('a notice', () => {
  it('is signed as Standard Webhooks say', async () => {
    // The example of the specification.
    expect(
      signature(
        'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        'msg_p5jXN8AQM9LWM0D4loKWxJek',
        '1614265330',
        '{"test": 2432232314}',
      ),
    ).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
    let seen: { headers: IncomingMessage['headers']; body: string } | undefined;
    const port = await receiver((request, reply) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen = { headers: request.headers, body };
        reply.writeHead(204).end();
      });
    });
    expect(await sender(`http://127.0.0.1:${port}/hook?to=ops`).send(notice, never)).toBeNull();
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signed } = seen?.headers ?? {};
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const expected = `v1,${createHmac('sha256', key)
      .update(`${String(id)}.${String(at)}.${seen?.body}`)
      .digest('base64')}`;
    expect(timingSafeEqual(Buffer.from(expected), Buffer.from(String(signed)))).toBe(true);
    expect([id, at, seen?.body, seen?.headers['content-type']]).toEqual([
      'n1',
      '1700000000',
      notice.body,
      'application/json',
    ]);
  });

  it('follows no redirect', async () => {
    let asked = 0;
    const other = await receiver((_request, reply) => {
      asked += 1;
      reply.end();
    });
    const port = await receiver((_request, reply) =>
      reply.writeHead(302, { location: `http://127.0.0.1:${other}/` }).end(),
    );
    expect(await sender(`http://127.0.0.1:${port}/`).send(notice, never)).toBe(
      'the receiver answered with status 302',
    );
    expect(asked).toBe(0);
  });

  it('tells why it was not taken, without the address and without what the receiver said', async () => {
    const port = await receiver((_request, reply) => reply.writeHead(500).end('CANARY of the receiver'));
    const said = await sender(`http://127.0.0.1:${port}/t0ken`).send(notice, never);
    expect(said).toBe('the receiver answered with status 500');
    const closed = await sender('http://127.0.0.1:1/t0ken').send(notice, never);
    expect(closed).toBe('the receiver refuses connections');
  });

  it('is given up at once when the process stops', async () => {
    const stop = new AbortController();
    const port = await receiver(() => stop.abort(new Error('stop')));
    await expect(sender(`http://127.0.0.1:${port}/`).send(notice, stop.signal)).rejects.toThrow('stop');
  });
});

describe('a private address', () => {
  const refused = expect.stringContaining('private network');

  it('is refused as it stands, in every form, and nothing is sent there', async () => {
    let asked = 0;
    const port = await receiver((_request, reply) => {
      asked += 1;
      reply.end();
    });
    for (const host of [
      '127.0.0.1',
      '127.1',
      '0x7f000001',
      '2130706433',
      '[::1]',
      '[::ffff:127.0.0.1]',
      'localhost',
    ]) {
      const { send } = sender(`http://${host}:${port}/`, { allowPrivate: false });
      expect([host, await send(notice, never)]).toEqual([host, refused]);
    }
    expect(asked).toBe(0);
  });

  it('is refused when a name leads there, also beside a public one', async () => {
    let asked = 0;
    const port = await receiver((_request, reply) => {
      asked += 1;
      reply.end();
    });
    const leads =
      (...addresses: string[]): Resolve =>
      (_name, done) =>
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
    const url = `http://alerts.example.com:${port}/`;
    for (const resolve of [leads('127.0.0.1'), leads('127.0.0.1', '93.184.216.34'), leads('::1')])
      expect(await sender(url, { allowPrivate: false, resolve }).send(notice, never)).toEqual(refused);
    expect(asked).toBe(0);
  });

  it.each([
    ['10.1.2.3', true],
    ['100.64.0.1', true],
    ['169.254.169.254', true],
    ['172.31.255.255', true],
    ['172.32.0.1', false],
    ['192.168.0.1', true],
    ['0.0.0.0', true],
    ['255.255.255.255', true],
    ['8.8.8.8', false],
    ['::', true],
    ['fe80::1', true],
    ['fc00::1', true],
    ['64:ff9b::7f00:1', true],
    ['2002:7f00:1::', true],
    ['2606:4700::1111', false],
    ['not an address', true],
  ])('%s: %s', (address, expected) => {
    expect(isPrivateAddress(address)).toBe(expected);
  });
});
