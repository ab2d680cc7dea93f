import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ConnectionConfig } from '../../src/config/config.ts';
import { settingsOf } from '../../src/config/connections.ts';

const schema = z.strictObject({
  url: z.url(),
  token: z.string(),
  database: z.string().optional(),
  pageSize: z.number().int().min(1).default(100),
  retries: z.coerce.number().int().default(3),
  strict: z.boolean().default(false),
  ids: z.array(z.number()).default([]),
});

const connection = (settings: Record<string, unknown>): ConnectionConfig => ({
  name: 'erp',
  connector: 'ledger',
  settings,
  sandbox: null,
  at: { file: 'causeway.yaml', line: 7, column: 3 },
});

describe('settingsOf', () => {
  it('reads a text as a number or a boolean where the connector asks for one, and nowhere else', () => {
    const settings = {
      url: 'https://erp.example.com',
      token: '0123',
      database: 'true',
      pageSize: '50',
      retries: '7',
      strict: 'true',
      ids: ['1', '2'],
    };
    expect(settingsOf(connection(settings), { settings: schema })).toEqual({
      url: 'https://erp.example.com',
      token: '0123',
      database: 'true',
      pageSize: 50,
      retries: 7,
      strict: true,
      ids: [1, 2],
    });
  });

  it.each(['', ' 5', '5 ', '0x10', '1e3', '5,0', 'NaN', 'Infinity', '--5'])(
    'does not take %j for a number',
    (pageSize) => {
      const settings = { url: 'https://erp.example.com', token: 'x', pageSize };
      expect(() => settingsOf(connection(settings), { settings: schema })).toThrow(
        'config_invalid_value: `connections.erp.settings.pageSize` must be a number.',
      );
    },
  );

  it('puts what the running sandbox says over what is configured', () => {
    const configured = connection({ pageSize: '7', token: 'configured' });
    const fromSandbox = { url: 'http://127.0.0.1:4000', token: 'sandbox', strict: true };
    expect(settingsOf(configured, { settings: schema }, fromSandbox)).toMatchObject({
      ...fromSandbox,
      pageSize: 7,
    });
  });

  it('reports everything that is still missing or wrong, with the place of the connection', () => {
    const thrown = expect.objectContaining({
      problems: [
        expect.objectContaining({
          code: 'config_missing_key',
          message: '`connections.erp.settings.token` is missing.',
          at: { file: 'causeway.yaml', line: 7, column: 3 },
        }),
        expect.objectContaining({
          code: 'config_invalid_value',
          message: '`connections.erp.settings.pageSize` must be at least 1.',
        }),
      ],
    });
    const fromSandbox = { url: 'http://127.0.0.1:4000', pageSize: 0 };
    expect(() => settingsOf(connection({}), { settings: schema }, fromSandbox)).toThrow(thrown);
  });
});
