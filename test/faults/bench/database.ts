/** One real PostgreSQL for each lane, with a migrated template that each run clones. */
import { appendFileSync, chmodSync, cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startBoss } from '../../../src/queue/boss.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { type Account, handOver, serverAccount } from '../../../src/store/embedded/account.ts';
import { type Binaries, installedBinaries, usableBinaries } from '../../../src/store/embedded/binaries.ts';
import { openCluster, superuser } from '../../../src/store/embedded/cluster.ts';
import { runningServer } from '../../../src/store/embedded/pid-file.ts';
import { runProgram } from '../../../src/store/embedded/program.ts';
import { startServer } from '../../../src/store/embedded/server.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { hasEnded, mustEnd } from './leftovers.ts';

const template = 'bench_template';

/** What would cost time and tells nothing: disks that are not broken here, and chores of databases that live a minute. */
const quiet = {
  fsync: 'off',
  full_page_writes: 'off',
  max_wal_size: '256MB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  jit: 'off',
  scram_iterations: '1',
} as const;

/** A cluster that was made once; each lane starts a server on a copy of it. */
export type Cluster = {
  readonly folder: string;
  readonly password: string;
  readonly binaries: Binaries;
  readonly account: Account;
};

export type LaneDatabase = {
  /** Where the server listens now; it changes with every restart. */
  port(): number;
  /** The address of a database, through the port given. */
  url(name: string, port: number): string;
  create(name: string): Promise<void>;
  drop(name: string): Promise<void>;
  /** Stops the server as PostgreSQL calls it (`immediate` is a crash), and starts it again. */
  restart(how: 'fast' | 'immediate'): Promise<void>;
  stop(): Promise<void>;
};

/** Makes the cluster with the template database, and stops it again. */
export async function makeCluster(folder: string): Promise<Cluster> {
  const home = join(folder, 'cluster-template');
  mkdirSync(home, { recursive: true, mode: 0o755 });
  const account = serverAccount(home);
  handOver(home, account);
  const binaries = await usableBinaries(
    installedBinaries(`${process.platform}-${process.arch}`),
    account,
    home,
  );
  const { data, password } = await openCluster(home, home, binaries, account);
  // A crash here is always one of the server and never one of the machine, so nothing need reach a disk.
  appendFileSync(
    join(data, 'postgresql.conf'),
    `\n${Object.entries(quiet)
      .map(([name, value]) => `${name} = ${value}`)
      .join('\n')}\n`,
  );
  const made = { folder: data, password, binaries, account };
  const server = await laneDatabase(made, data);
  // Each life of a worker opens a dozen connections, and each of them would compute 4096 rounds of a hash, twice.
  await query(server.url('postgres', server.port()), `alter role ${superuser} password '${password}'`);
  await query(server.url('postgres', server.port()), `create database ${template}`);
  const url = server.url(template, server.port());
  const database = openDatabase(url, { max: 1, onError: () => {} });
  await migrate(database);
  await database.end();
  const boss = await startBoss(url, { onError: () => {}, superviseSeconds: 60 });
  await boss.stop({ graceful: false });
  await server.stop();
  return made;
}

/** Starts a server on a copy of the cluster. */
export async function copyCluster(cluster: Cluster, folder: string): Promise<LaneDatabase> {
  const data = join(folder, 'postgres');
  cpSync(cluster.folder, data, { recursive: true });
  chmodSync(data, 0o700);
  handOver(data, cluster.account);
  return laneDatabase(cluster, data);
}

async function laneDatabase({ binaries, account, password }: Cluster, data: string): Promise<LaneDatabase> {
  const start = async (): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const started = await startServer(binaries, data, `${data}.log`, account);
      if (started.ready) return mustEnd(started.pid);
      // Another program may have taken the free port in the meantime.
      if (attempt === 5) throw new Error(`PostgreSQL does not start: ${started.output}`);
    }
  };
  const stop = async (how: string): Promise<void> => {
    const pid = runningServer(data)?.pid;
    await runProgram(binaries.pgCtl, ['stop', '-D', data, '-m', how, '-t', '20', '-s'], account);
    hasEnded(pid);
  };
  await start();
  let at = runningServer(data)?.port ?? 0;
  const url = (name: string, port: number): string =>
    `postgres://${superuser}:${password}@127.0.0.1:${port}/${name}`;
  return {
    port: () => at,
    url,
    create: (name) => query(url('postgres', at), `create database ${name} template ${template}`),
    drop: (name) => query(url('postgres', at), `drop database if exists ${name} with (force)`),
    async restart(how) {
      await stop(how);
      await start();
      at = runningServer(data)?.port ?? 0;
    },
    stop: () => stop('immediate'),
  };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
