import { program } from './cli/program.ts';

// Whoever reads our output may stop reading (`| head`), and a terminal may go away: neither is a reason to crash.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

await program().parseAsync(process.argv);
