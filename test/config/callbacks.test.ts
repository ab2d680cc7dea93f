import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { connectors } from './connectors.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const load = (callbacks: string) =>
  loadConfig({
    file: '/etc/shop/causeway.yaml',
    text: `http:\n  callbacks: ${callbacks}\n`,
    env: {},
    connectors,
    readFile: () => '',
  });

describe('http.callbacks', () => {
  it('is a secret, and public addresses alone unless others are allowed', () => {
    const config = load(`{ secret: ${secret} }`);
    expect(config.http.callbacks).toEqual({ secret, allowPrivate: false });
    expect(load(`{ secret: ${secret}, allow_private: true }`).http.callbacks?.allowPrivate).toBe(true);
    expect(config.secrets).toEqual(expect.arrayContaining([secret, secret.slice('whsec_'.length)]));
  });

  it('wants a secret as Standard Webhooks have it', () => {
    expect(() => load('{ secret: short }')).toThrow('24 to 64 bytes in base64');
  });
});
