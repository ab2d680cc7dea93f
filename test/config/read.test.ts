import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/read.ts';
import { connectors } from './connectors.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-config-'));
  file = join(folder, 'causeway.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('readConfig', () => {
  it('reads the file it is told to, then the one that the environment names', () => {
    const other = join(folder, 'other.yaml');
    writeFileSync(file, 'http: { port: 1 }');
    writeFileSync(other, 'http: { port: 2 }');
    expect(readConfig(file, connectors, { CAUSEWAY_CONFIG: other }).http.port).toBe(1);
    expect(readConfig(undefined, connectors, { CAUSEWAY_CONFIG: other })).toMatchObject({
      http: { port: 2 },
      file: other,
    });
  });

  it('says so when there is no file', () => {
    expect(() => readConfig(file, connectors, {})).toThrow(`config_missing: There is no file ${file}.`);
  });

  it('says so when the file cannot be read', () => {
    mkdirSync(file);
    expect(() => readConfig(file, connectors, {})).toThrow(/config_unreadable: .*EISDIR/u);
  });

  it('adds what .env beside the file says, below the environment itself', () => {
    writeFileSync(file, 'connections: { crm: { connector: bluebox, settings: { token: "${TOKEN}" } } }');
    writeFileSync(join(folder, '.env'), '# comment\nTOKEN="from .env"\nCAUSEWAY_HTTP_PORT=1\n');
    const config = readConfig(file, connectors, { CAUSEWAY_HTTP_PORT: '2' });
    expect(config.connections['crm']?.settings).toEqual({ token: 'from .env' });
    expect(config.http.port).toBe(2);
  });

  it('reads secrets from files beside the file', () => {
    writeFileSync(file, 'connections: { crm: { connector: bluebox, settings: { token: file:token } } }');
    writeFileSync(join(folder, 'token'), 'geheim\n');
    expect(readConfig(file, connectors, {}).secrets).toEqual(['geheim']);
  });
});
