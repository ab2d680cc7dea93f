import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { bench } from './bench.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function journalFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hubspot-sandbox-'));
  folders.push(folder);
  return join(folder, 'hubspot.jsonl');
}

describe("the sandbox's memory", () => {
  it('keeps everything that it acknowledged, when it is killed in the middle of its work', async () => {
    const file = journalFile();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'sandbox-process.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { url, token } = JSON.parse(line) as { url: string; token: string };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const acknowledged: string[] = [];
    const writing = (async () => {
      for (let index = 0; ; index += 1) {
        const body = JSON.stringify({ properties: { name: `Kept ${index}` } });
        const reply = await fetch(`${url}/crm/v3/objects/companies`, { method: 'POST', headers, body });
        acknowledged.push(((await reply.json()) as { id: string }).id);
        if (acknowledged.length === 50) child.kill('SIGKILL');
      }
    })();
    await expect(writing).rejects.toThrow('fetch failed');
    await (child.exitCode ?? child.signalCode ?? once(child, 'exit'));
    const own = await bench({ file, seed: 'empty' });
    const companies = new Map((await own.all('companies')).map((company) => [company.id, company['name']]));
    expect(companies.size).toBeGreaterThanOrEqual(91 + 50);
    for (const [index, id] of acknowledged.entries()) expect(companies.get(id)).toBe(`Kept ${index}`);
  });

  it('comes back as it was: edits, archives, merges, associations and properties', async () => {
    const file = journalFile();
    const first = await bench({ file, seed: 'northwind' });
    const [a, b, c] = await first.all('companies');
    await first.call('POST', '/crm/v3/objects/companies/merge', {
      primaryObjectId: a!.id,
      objectIdToMerge: b!.id,
    });
    await first.remove('companies', c!.id);
    await first.call('POST', '/crm/v3/properties/companies', {
      name: 'tax_id',
      label: 'Tax',
      type: 'string',
    });
    const made = await first.add('companies', { name: 'New', tax_id: 'T' });
    await first.add('deals', { dealname: 'D', company: made.id });
    const before = { companies: await first.all('companies'), deals: await first.all('deals') };
    await first.close();
    appendFileSync(file, '{"entries":[{"op":"archive","type":"compan');
    const second = await bench({ file, seed: 'northwind' });
    expect({ companies: await second.all('companies'), deals: await second.all('deals') }).toEqual(before);
    const another = await second.add('companies', { name: 'Newer' });
    expect(before.companies.map(({ id }) => id)).not.toContain(another.id);
  });
});
