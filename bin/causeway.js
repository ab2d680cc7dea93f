#!/usr/bin/env node
// Plain JavaScript that any Node can read: it finds a Node new enough, and the program as source or as built.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const major = Number(process.versions.node.split('.')[0]);
const built = here('../dist/src/main.js');
const source = here('../src/main.ts');
// Node does not strip types below node_modules, so an installed package runs its build.
const main = existsSync(source) && !source.includes('node_modules') ? source : built;

if (major >= 24) {
  await import(new URL(`file://${main}`).href);
} else {
  const node = here('../node_modules/.bin/node');
  if (!existsSync(node)) {
    process.stderr.write(`Causeway needs Node 24 or newer; this is ${process.versions.node}.\n`);
    process.exit(2);
  }
  const child = spawn(node, ['--enable-source-maps', main, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // A terminal signals both processes, `kill` this one alone. Either way the child is told once, and should this
  // process be killed, the closed channel tells it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.connected && child.send('stop'));
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}
