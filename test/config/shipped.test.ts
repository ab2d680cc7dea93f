import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hubspot } from '../../connectors/hubspot/index.ts';
import { odoo } from '../../connectors/odoo/index.ts';
import { variables } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const connectors = { hubspot, odoo };

const load = (text: string, env: Record<string, string> = {}): ReturnType<typeof loadConfig> =>
  loadConfig({ file: 'causeway.yaml', text, env, connectors, readFile: () => 'x' });

/** The names that a text gives a value to, also behind a comment sign, with that value. */
const assignments = (text: string): Map<string, string> =>
  new Map([...text.matchAll(/^#? ?([A-Z_]+)=(.*)$/gmu)].map(([, name, value]) => [name ?? '', value ?? '']));

describe('causeway.yaml', () => {
  it('starts without any account: an embedded database, a sandboxed CRM and a sandboxed ERP', () => {
    expect(load(read('causeway.yaml'))).toMatchObject({
      database: 'embedded',
      connections: {
        crm: { connector: 'hubspot', sandbox: { seed: 'northwind', port: 0 } },
        erp: { connector: 'odoo', sandbox: { seed: 'empty', port: 0 } },
      },
    });
  });

  it('says nothing but the defaults beside its connections', () => {
    const { connections: _ours, ...given } = load(read('causeway.yaml'));
    const { connections: _none, ...defaults } = load('');
    expect(given).toEqual(defaults);
  });

  it('shows examples of real connections that are valid', () => {
    const [, example = ''] = read('causeway.yaml').split('# The real ones:\n');
    const lines = (example.split('\n\n')[0] ?? '').split('\n').map((line) => line.replace(/^ {2}# ?/u, '  '));
    const config = load(`connections:\n${lines.join('\n')}`, {
      HUBSPOT_TOKEN: 'x',
      HUBSPOT_CLIENT_SECRET: 'z',
      ODOO_API_KEY: 'y',
    });
    expect(Object.values(config.connections).map(({ connector, sandbox }) => [connector, sandbox])).toEqual([
      ['hubspot', null],
      ['odoo', null],
    ]);
    expect([...config.secrets].sort()).toEqual(['x', 'y', 'z']);
  });
});

describe('.env.example', () => {
  it('describes every variable that is read, and no other than those that causeway.yaml names', () => {
    const named = [...read('causeway.yaml').matchAll(/\$\{([A-Z_]+)\}/gu)].map(([, name]) => name ?? '');
    const expected = [...Object.keys(variables), ...named.filter((name) => name !== 'NAME')];
    expect([...assignments(read('.env.example')).keys()].sort()).toEqual([...new Set(expected)].sort());
  });

  it('shows the defaults', () => {
    const shown = Object.fromEntries(assignments(read('.env.example')));
    const { DATABASE_URL: _url, CAUSEWAY_CONFIG: config, ...rest } = shown;
    expect(config).toBe('causeway.yaml');
    expect(load('', rest)).toEqual(load(''));
  });
});

describe('the environment', () => {
  it('is read by src/config alone: hand what another part needs to it from there', () => {
    const files = globSync('{src,connectors}/**/*.ts', { cwd: root }).filter(
      (file) => !file.startsWith('src/config/'),
    );
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((file) => /process\.env|\bloadEnvFile\b/u.test(read(file)))).toEqual([]);
  });
});
