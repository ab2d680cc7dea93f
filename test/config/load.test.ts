import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { type ConfigSources, loadConfig } from '../../src/config/load.ts';
import { CausewayError, type Problem } from '../../src/errors/error.ts';
import { connectors } from './connectors.ts';

function load(text: string | null, given: Partial<ConfigSources> = {}): Config {
  return loadConfig({
    file: '/etc/shop/causeway.yaml',
    text,
    env: {},
    connectors,
    readFile: (path) => {
      throw Object.assign(new Error(`nothing at ${path}`), { code: 'ENOENT' });
    },
    ...given,
  });
}

function problemsOf(text: string | null, given: Partial<ConfigSources> = {}): readonly Problem[] {
  try {
    load(text, given);
    return [];
  } catch (error) {
    if (error instanceof CausewayError) return error.problems;
    throw error;
  }
}

/** Each problem as `line:column code message`. */
const told = (text: string, given: Partial<ConfigSources> = {}): string[] =>
  problemsOf(text, given).map(({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`);

const oneConnection = 'connections:\n  crm:\n    connector: bluebox\n    settings:\n      token: ${TOKEN}\n';

describe('loadConfig', () => {
  it('fills in what an empty file leaves out', () => {
    expect(load('')).toEqual({
      file: '/etc/shop/causeway.yaml',
      database: 'embedded',
      data: '/etc/shop/.causeway',
      mappings: '/etc/shop/mappings',
      connections: {},
      http: {
        host: '127.0.0.1',
        port: 8321,
        publicUrl: null,
        rateLimit: { requests: 2000, seconds: 10 },
        callbacks: null,
      },
      alerts: { webhook: null },
      log: { level: 'info' },
      retention: {
        history: 365 * 86_400,
        runs: 90 * 86_400,
        jobs: 86_400,
        payloads: { default: 'keep', flows: {} },
      },
      secrets: [],
    });
  });

  it('reads everything that can be said', () => {
    const config = load(
      [
        'database: postgres://causeway:${PASSWORD}@db.example.com/causeway',
        'data: ../state',
        'mappings: /srv/mappings',
        'http: { host: 0.0.0.0, port: "80" }',
        'log: { level: debug }',
        'connections:',
        '  crm:',
        '    connector: bluebox',
        '    settings: { token: file:secrets/token, account: 0123, pageSize: 50, strict: false }',
        '  box: { connector: bluebox, sandbox: { seed: small, port: 9000, misbehave: { lag: 2.5, every: [3], on: true } } }',
      ].join('\n'),
      { env: { PASSWORD: 'pass%20word' }, readFile: (path) => `from ${path}\n` },
    );
    expect(config).toMatchObject({
      database: { url: 'postgres://causeway:pass%20word@db.example.com/causeway' },
      data: '/etc/state',
      mappings: '/srv/mappings',
      http: { host: '0.0.0.0', port: 80 },
      log: { level: 'debug' },
      connections: {
        crm: {
          name: 'crm',
          connector: 'bluebox',
          settings: { token: 'from /etc/shop/secrets/token', account: '0123' },
          sandbox: null,
          at: { file: '/etc/shop/causeway.yaml', line: 7, column: 3 },
        },
        box: { sandbox: { seed: 'small', port: 9000, misbehave: { lag: 2.5, every: [3], on: true } } },
      },
    });
    expect([...config.secrets].sort()).toEqual(['from /etc/shop/secrets/token', 'pass word', 'pass%20word']);
  });

  it('reads how long what is only looked back on is kept, each time with its unit', () => {
    const text = 'retention: { history: 30d, runs: 12h, payloads: { flows: { orders: hashes } } }';
    expect(load(text).retention).toEqual({
      history: 30 * 86_400,
      runs: 12 * 3600,
      jobs: 86_400,
      payloads: { default: 'keep', flows: { orders: 'hashes' } },
    });
    expect(told('retention: { history: 30 }')).toEqual([
      '1:23 config_invalid_value `retention.history` must be a duration such as `90d`, `12h` or `30m`.',
    ]);
    expect(told('retention: { payload: keep }')[0]).toContain('did you mean `payloads`?');
    expect(told('retention: { payloads: { default: hash } }')[0]).toContain('did you mean `hashes`?');
  });

  it('takes a key without a value as left out', () => {
    expect(load('database:\nhttp:\n  port:\nconnections:\n').http.port).toBe(8321);
  });

  it('takes a password with a stray percent sign for what it is', () => {
    expect(load('database: postgres://u:a%b%C3%BC@localhost/x').secrets).toEqual(['a%b%C3%BC', 'a%bü']);
  });

  it('cannot be changed afterwards', () => {
    const config = load(oneConnection, { env: { TOKEN: 'x' } });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.connections['crm']?.settings)).toBe(true);
    expect(Object.isFrozen(config.http)).toBe(true);
  });

  it('lets the environment take precedence over the file', () => {
    const env = {
      DATABASE_URL: 'postgresql://u:geheim@localhost/x',
      CAUSEWAY_DATA: 'elsewhere',
      CAUSEWAY_MAPPINGS: '/maps',
      CAUSEWAY_HTTP_HOST: '::1',
      CAUSEWAY_HTTP_PORT: '0',
      CAUSEWAY_LOG_LEVEL: 'trace',
    };
    expect(load('database: embedded\nhttp: { port: 1 }', { env })).toMatchObject({
      database: { url: 'postgresql://u:geheim@localhost/x' },
      data: '/etc/shop/elsewhere',
      mappings: '/maps',
      http: { host: '::1', port: 0 },
      log: { level: 'trace' },
      secrets: ['geheim'],
    });
    expect(load('http: { port: 1 }', { env: { CAUSEWAY_HTTP_PORT: '' } }).http.port).toBe(1);
  });
});

describe('what loadConfig refuses', () => {
  it('is a file that is not there', () => {
    expect(problemsOf(null)).toMatchObject([
      { code: 'config_missing', message: 'There is no file /etc/shop/causeway.yaml.' },
    ]);
  });

  it('is told all at once, each with its place and a suggestion', () => {
    const text = [
      'databse: embedded',
      'http: { port: eighty, hots: x }',
      'log:',
      '  level: verbos',
      'connections:',
      '  crm:',
      '    conector: bluebox',
      '  box:',
      '    connector: blubox',
      '  cash:',
      '    connector: ledger',
      '    sandbox: { seed: x, sed: y }',
      '    settings: [a]',
      '  green:',
      '    connector: bluebox',
      '    settings: { tokn: "${TOKEN}", baseUrl: nowhere, limits: { perSecond: many, perMinute: 1 } }',
    ].join('\n');
    expect(told(text, { env: { TOKEN: 'x' } })).toEqual([
      '2:15 config_invalid_value `http.port` must be a number.',
      '2:23 config_unknown_key `hots` is not a key of `http`; did you mean `host`?',
      '4:10 config_invalid_value `log.level` must be one of `fatal`, `error`, `warn`, `info`, `debug`, `trace`, `silent`.',
      '1:1 config_unknown_key `databse` is not a key of this file; did you mean `database`?',
      '6:3 config_missing_key `connections.crm.connector` is missing.',
      '7:5 config_unknown_key `conector` is not a key of `connections.crm`; did you mean `connector`?',
      '9:16 config_unknown_connector `connections.box.connector` is `blubox`, and there is no such connector; did you mean `bluebox`?',
      '13:15 config_invalid_value `connections.cash.settings` must be a group of keys.',
      '12:25 config_unknown_key `sed` is not a key of `connections.cash.sandbox`; did you mean `seed`?',
      '16:5 config_missing_key `connections.green.settings.token` is missing.',
      '16:44 config_invalid_value `connections.green.settings.baseUrl` must be an address such as https://crm.example.com.',
      '16:74 config_invalid_value `connections.green.settings.limits.perSecond` must be a number.',
      '16:80 config_unknown_key `perMinute` is not a key of `connections.green.settings.limits`. There are: `perSecond`.',
      '16:17 config_unknown_key `tokn` is not a key of `connections.green.settings`; did you mean `token`?',
    ]);
  });

  it('is shown in the lines of the file', () => {
    const [problem] = problemsOf('data: x\nhttp:\n  port: eighty\n');
    expect(problem?.frame).toBe(
      ['  1 | data: x', '  2 | http:', '> 3 |   port: eighty', '    |         ^^^^^^', '  4 |'].join('\n'),
    );
    expect(problem?.remedy).toMatch(/Correct the value/u);
  });

  it.each([
    [
      'a: [1',
      '1:6 config_unreadable The indentation does not fit what is around it, or a closing bracket is missing before.',
    ],
    ['a: "x', '1:6 config_unreadable A closing quote or bracket is missing.'],
    ['log: {}\nlog: {}', '2:1 config_unreadable This key is given twice.'],
    [
      'log: a: b',
      '1:6 config_unreadable A colon and a space inside a value begin a new key; put the value in quotes.',
    ],
    ['\tlog: x', '1:1 config_unreadable A tab stands where spaces are needed.'],
    ['log: !!js x', '1:6 config_unreadable Tags, words that begin with `!`, are not used here.'],
    [
      'log: {}\n---\nhttp: {}',
      '2:1 config_unreadable A second document begins here; there is only one configuration in a file.',
    ],
    ['log: *nothing', '1:6 config_unreadable `*nothing` is an alias; write out what it stands for.'],
    [
      'log: { level: ${LEVEL} }',
      '1:16 config_unreadable Inside braces or brackets, ${NAME} must stand in quotes: "${NAME}".',
    ],
    ['- a', '1:1 config_invalid_value This file must be a group of keys.'],
    [
      'database: mysql://x',
      '1:11 config_invalid_value `database` must be `embedded` or a postgres:// address.',
    ],
    ['http: { port: 65536 }', '1:15 config_invalid_value `http.port` must be at most 65535.'],
    ['connections: { crm: }', '1:16 config_missing_key `connections.crm.connector` is missing.'],
    [
      'connections: { crm: { connector: constructor } }',
      '1:34 config_unknown_connector `connections.crm.connector` is `constructor`, and there is no such connector. There are: bluebox, ledger.',
    ],
  ])('is %j', (text, expected) => {
    expect(told(text)[0]).toBe(expected);
  });

  it('is a wrong value in the environment, by the name of the variable', () => {
    const [problem] = problemsOf('http: { port: 1 }', { env: { CAUSEWAY_HTTP_PORT: 'eighty' } });
    expect(problem).toMatchObject({
      code: 'config_invalid_value',
      message: 'CAUSEWAY_HTTP_PORT in the environment (`http.port`) must be a number.',
    });
    expect(problem?.at).toBeUndefined();
  });

  it('is a sandbox where the connector has none', () => {
    const text = 'connections:\n  cash:\n    connector: ledger\n    sandbox: { seed: x }';
    expect(told(text)).toEqual([
      '4:5 config_no_sandbox `connections.cash.sandbox` is given, and the connector `ledger` has none.',
    ]);
  });

  it('is a wrong setting of a sandboxed connection, but not a missing one', () => {
    const text =
      'connections:\n  crm: { connector: bluebox, sandbox: { seed: x }, settings: { pageSize: 5 } }';
    expect(told(text)).toEqual([]);
    const wrong = told(text.replace('5', 'x, pagesize: 5'));
    expect(wrong.map((line) => line.split(' ').slice(1, 3).join(' '))).toEqual([
      'config_invalid_value `connections.crm.settings.pageSize`',
      'config_unknown_key `pagesize`',
    ]);
  });
});

describe('what a configuration refers to', () => {
  it('is named when it is missing, with its place and nothing else', () => {
    const text = [
      'database: postgres://u:${DB_PASSWORD}@localhost/x',
      'connections:',
      '  crm:',
      '    connector: bluebox',
      '    settings:',
      '      token: ${TOKEN}',
      '      baseUrl: https://${HOST}/${PATH}',
      '  cash:',
      '    connector: ledger',
      '    settings: { url: "${URL:-https://x}", password: file:missing }',
    ].join('\n');
    expect(told(text, { env: { PATH: 'x', TOKEN: '' } })).toEqual([
      '1:11 config_secret_missing `database` refers to the environment variable DB_PASSWORD, which is not set.',
      '6:14 config_secret_missing `connections.crm.settings.token` refers to the environment variable TOKEN, which is not set.',
      '7:16 config_secret_missing `connections.crm.settings.baseUrl` refers to the environment variable HOST, which is not set.',
      '10:22 config_invalid_value `connections.cash.settings.url` refers to an environment variable in a form that is not known; write ${NAME}.',
      '10:53 config_secret_missing `connections.cash.settings.password` refers to the file /etc/shop/missing, which cannot be read (ENOENT).',
    ]);
  });

  it('is taken as it is: what a variable holds is not read again', () => {
    const config = load(oneConnection, { env: { TOKEN: '${HOME} file:x "y": z' } });
    expect(config.connections['crm']?.settings['token']).toBe('${HOME} file:x "y": z');
  });

  it('loses the line break at the end of a file', () => {
    const config = load(oneConnection.replace('${TOKEN}', 'file:token'), { readFile: () => 'abc\r\n' });
    expect(config.connections['crm']?.settings['token']).toBe('abc');
  });

  it('is refused when a file is empty', () => {
    expect(told(oneConnection.replace('${TOKEN}', 'file:token'), { readFile: () => '\n' })).toEqual([
      '5:14 config_secret_missing `connections.crm.settings.token` refers to the file /etc/shop/token, which is empty.',
    ]);
  });
});

describe('what a problem keeps to itself', () => {
  it.each([
    [
      'a literal secret',
      'connections:\n  crm:\n    connector: bluebox\n    settings:\n      token: canary\n      pageSize: x\n',
    ],
    [
      'a secret under a misspelt name',
      'connections:\n  crm:\n    connector: bluebox\n    settings: { tokn: canary }\n',
    ],
    [
      'a secret of an unknown connector',
      'connections:\n  crm:\n    connector: x\n    settings: { a: canary }\n',
    ],
    [
      'a secret of a wrong type',
      'connections:\n  crm:\n    connector: bluebox\n    settings: { token: [canary] }\n',
    ],
    [
      'a secret in place of the settings',
      'connections:\n  crm:\n    connector: bluebox\n    settings: canary\n',
    ],
    [
      'a secret over several lines',
      'connections:\n  crm:\n    connector: bluebox\n    settings:\n      token: |\n        canary\n        canary\n      x: 1\n',
    ],
    ['the password of an address', 'database: mysql://user:canary@localhost/x\n'],
    ['a secret near a syntax error', 'connections:\n  crm: { settings: { apiKey: canary\n'],
    ['a secret beside a syntax error', 'connections:\n  crm:\n    password: "canary\n    x: 1\n'],
    ['a secret that was commented out', '# token: canary\nhttps: {}\n'],
  ])('is %s', (_what, text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every(({ frame }) => frame !== undefined)).toBe(true);
    expect(JSON.stringify(problems)).not.toContain('canary');
  });

  it('is what the environment and files hold', () => {
    const text = 'database: ${A}\nhttp: { port: "${B}" }\nlog: { level: file:c }\n';
    const problems = problemsOf(text, { env: { A: 'canary', B: 'canary' }, readFile: () => 'canary' });
    expect(problems).toHaveLength(3);
    expect(JSON.stringify(problems)).not.toContain('canary');
  });

  it('is not what helps: harmless settings stay readable', () => {
    const text = oneConnection.replace('${TOKEN}', '${TOKEN}\n      baseUrl: nowhere');
    const [problem] = problemsOf(text, { env: { TOKEN: 'x' } });
    expect(problem?.frame).toContain('token: ${TOKEN}');
    expect(problem?.frame).toContain('baseUrl: nowhere');
  });
});
