import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { CausewayError, type Problem } from '../../src/errors/error.ts';
import { connectors } from './connectors.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const load = (webhook: string) =>
  loadConfig({
    file: '/etc/shop/causeway.yaml',
    text: `alerts:\n  webhook: ${webhook}\n`,
    env: { ALERT_SECRET: secret },
    connectors,
    readFile: () => `${secret}\n`,
  });

function problemOf(webhook: string): Problem | undefined {
  try {
    load(webhook);
    return undefined;
  } catch (error) {
    if (error instanceof CausewayError) return error.problems[0];
    throw error;
  }
}

describe('alerts.webhook', () => {
  it('is an address and a secret, which may come from the environment or from a file', () => {
    const expected = { url: 'https://alerts.example.com/a?b=c', secret, allowPrivate: false };
    const url = 'url: "https://alerts.example.com/a?b=c"';
    for (const from of ['"${ALERT_SECRET}"', 'file:secret', secret])
      expect(load(`{ ${url}, secret: ${from} }`).alerts.webhook).toEqual(expected);
  });

  it('is secret, the address included: whoever has it may write there', () => {
    const { secrets } = load(`{ url: "https://alerts.example.com/t0ken", secret: ${secret} }`);
    expect(secrets).toEqual(
      expect.arrayContaining([secret, secret.slice('whsec_'.length), 'https://alerts.example.com/t0ken']),
    );
  });

  it('may be without TLS only in a network that is allowed to be private', () => {
    const http = 'url: "http://127.0.0.1:9000"';
    expect(load(`{ ${http}, secret: ${secret}, allow_private: true }`).alerts.webhook?.allowPrivate).toBe(
      true,
    );
    expect(problemOf(`{ ${http}, secret: ${secret} }`)).toMatchObject({
      code: 'config_invalid_value',
      message: '`alerts.webhook.url` must be an https:// address, unless `allow_private` is true.',
    });
  });

  it.each([
    [`{ secret: ${secret} }`, 'config_missing_key', '`alerts.webhook.url` is missing.'],
    [`{ url: "https://x.example" }`, 'config_missing_key', '`alerts.webhook.secret` is missing.'],
    [
      `{ url: "https://x.example", secret: ${secret}, allow_privat: true }`,
      'config_unknown_key',
      '`allow_privat` is not a key of `alerts.webhook`; did you mean `allow_private`?',
    ],
    [
      `{ url: "https://u:p@x.example", secret: ${secret} }`,
      'config_invalid_value',
      '`alerts.webhook.url` must be an https:// address without a user name, a password or a #.',
    ],
    [
      `{ url: "https://x.example", secret: whsec_c2hvcnQ= }`,
      'config_invalid_value',
      '`alerts.webhook.secret` must be `whsec_` followed by 24 to 64 bytes in base64.',
    ],
  ])('%s is refused', (webhook, code, message) => {
    expect(problemOf(webhook)).toMatchObject({ code, message });
  });

  it('is covered where the file is shown', () => {
    const problem = problemOf('{ url: "ftp://x.example/t0ken", secret: "CANARY" }');
    expect(problem?.frame).toContain('***');
    expect(JSON.stringify(problem)).not.toMatch(/t0ken|CANARY/u);
  });
});
