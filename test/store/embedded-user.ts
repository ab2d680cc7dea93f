/** A process that uses the embedded database in the folder it is given, until its standard input ends. */
import { pino } from 'pino';
import { startEmbedded } from '../../src/store/embedded.ts';

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
try {
  const database = await startEmbedded({ dir: process.argv[2] ?? '', log: pino({ level: 'silent' }) });
  say({ url: database.url });
  process.stdin.resume().once('end', () => {
    database.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
} catch (error) {
  say({ error: error instanceof Error ? error.message : 'unknown' });
  process.exitCode = 1;
}
