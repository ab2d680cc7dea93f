import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let config: string;
let running: ChildProcess[];
beforeEach(async () => {
  running = [];
  folder = await mkdtemp(join(tmpdir(), 'causeway-cases-'));
  config = join(folder, 'causeway.yaml');
  await cp(join(root, 'mappings'), join(folder, 'mappings'), { recursive: true });
  await cp(join(root, 'causeway.yaml'), config);
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** `causeway mapping test`, in a process of its own. */
function start(...args: string[]) {
  const words = ['src/main.ts', 'mapping', 'test', ...args, '--config', config];
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (said.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (said.stderr += String(chunk)));
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    said,
    ended: async () => ({ code: (await closed)[0], ...said }),
    /** Waits until it has said this since the last time, and gives what it has said since then. */
    async says(text: string): Promise<string> {
      while (!said.stdout.includes(text)) {
        const [chunk] = (await Promise.race([once(child.stdout, 'data'), closed])) as [unknown];
        if (child.exitCode !== null && !said.stdout.includes(text))
          throw new Error(`it ended (${String(chunk)}) and said ${said.stdout}${said.stderr}`);
      }
      const { stdout } = said;
      said.stdout = '';
      return stdout;
    },
    stop: () => child.kill('SIGINT'),
  };
}

const file = (name: string): string => join(folder, 'mappings', name);
const prompt = 'Ctrl-C ends.';

async function edit(name: string, from: string, to: string): Promise<void> {
  const text = await readFile(file(name), 'utf8');
  expect(text).toContain(from);
  // As editors do that never leave half a file behind.
  await writeFile(file(`${name}.new`), text.replace(from, to));
  await rename(file(`${name}.new`), file(name));
}

describe('causeway mapping test', () => {
  it('runs the cases of all flows, or of one, and ends with 0 when all pass', async () => {
    const all = await start().ended();
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(all.stdout).toMatch(/^accounts +\d+ passed\ncontacts +\d+ passed\n/);
    expect(all.stdout).toMatch(/\nAll \d+ cases passed\.\n$/);
    expect((await start('orders').ended()).stdout).toMatch(/^orders +\d+ passed\n\nAll \d+ cases passed/);
    const contents = await readdir(folder);
    expect(contents.sort()).toEqual(['causeway.yaml', 'mappings']);
  });

  it('ends with 1 and prints the difference when a case fails, without colour outside a terminal', async () => {
    await edit('orders.yaml', 'scale: 2, rounding: half_up', 'scale: 1, rounding: half_up');
    const { code, stdout } = await start().ended();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^orders +\d+ passed, 1 failed$/m);
    expect(stdout).toContain(
      'mappings/orders.test.yaml:3:11: a deal that is won becomes a sales order with its lines\n',
    );
    expect(stdout).toContain('  - order_line[903].price_unit: 34.80\n  + order_line[903].price_unit: 34.8\n');
    expect(stdout).not.toContain('\u001b');
  });

  it('prints problems of the files as `causeway check` does, and ends with 1', async () => {
    await edit('orders.yaml', 'from: closedate', 'form: closedate');
    await edit('accounts.test.yaml', 'street2: Co. Cork', 'stret2: Co. Cork');
    await rm(file('products.test.yaml'));
    const { code, stdout } = await start().ended();
    expect(code).toBe(1);
    expect(stdout).toMatch(/mappings\/orders\.yaml:\d+:\d+: mapping_unknown_key\n.*did you mean `from`\?/);
    expect(stdout).toMatch(
      /mappings\/accounts\.test\.yaml:\d+:\d+: mapping_test_unknown_name\n.*did you mean `street2`\?/,
    );
    expect(stdout).toMatch(
      /^products +no test file; its cases would stand in mappings\/products\.test\.yaml$/m,
    );
  });

  it('ends with 2 for a flow that is not there', async () => {
    expect(await start('acounts').ended()).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('did you mean `accounts`?'),
    });
  });

  it('prints one JSON object', async () => {
    await edit('contacts.yaml', "value: 'false'", "value: 'true'");
    const { code, stdout } = await start('contacts', '--json').ended();
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      flows: [
        {
          flow: 'contacts',
          passed: expect.any(Number),
          failed: expect.any(Number),
          cases: expect.arrayContaining([
            expect.objectContaining({
              passed: false,
              diff: expect.arrayContaining([{ mark: '-', name: 'is_company', value: 'false' }]),
            }),
          ]),
          untouched: { fields: [], rows: [] },
        },
      ],
      problems: [],
    });
  });

  it('watches: an edit is noticed, and so is the one that mends it; Ctrl-C ends it with 0', async () => {
    const watching = start('--watch');
    expect(await watching.says(prompt)).toContain('cases passed.');
    await edit('accounts.yaml', 'Fax {fax}', 'Telefax {fax}');
    const broken = await watching.says(prompt);
    expect(broken).toContain('Changed: mappings/accounts.yaml\n');
    expect(broken).toContain('  - comment: Fax (5) 555-3745\n  + comment: Telefax (5) 555-3745\n');
    await edit('accounts.test.yaml', 'comment: Fax', 'comment: Telefax');
    const mended = await watching.says(prompt);
    expect(mended).toContain('Changed: mappings/accounts.test.yaml\n');
    expect(mended).toContain('cases passed.');
    await edit('values/country-spellings.csv', 'Holland,NL', 'Holland,DE');
    expect(await watching.says(prompt)).toContain('  + country_id: DE\n');
    watching.stop();
    expect(await watching.ended()).toMatchObject({ code: 0, stderr: '' });
  });

  it('watches on while a file is bad or gone', async () => {
    const watching = start('accounts', '--watch');
    await watching.says(prompt);
    await edit('accounts.yaml', 'fields:', 'felds:');
    expect(await watching.says(prompt)).toContain('did you mean `fields`?');
    await rename(file('accounts.yaml'), file('accounts.away'));
    expect(await watching.says(prompt)).toContain('No flow is named accounts');
    await rename(file('accounts.away'), file('accounts.yaml'));
    await watching.says(prompt);
    await edit('accounts.yaml', 'felds:', 'fields:');
    expect(await watching.says(prompt)).toContain('cases passed.');
    watching.stop();
    expect((await watching.ended()).code).toBe(0);
  });
});
