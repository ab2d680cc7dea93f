/** The only place where the parts meet. No logic: it opens what the configuration names, and closes it in reverse. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectors } from '../connectors/index.ts';
import { type Openable, openLookups } from './compose/lookups.ts';
import type { Config, ConnectionConfig } from './config/config.ts';
import { settingsOf } from './config/connections.ts';
import { readConfig } from './config/read.ts';
import { keepsPayloads, requireRetentionFlows } from './config/retention.ts';
import { systemOf } from './config/system.ts';
import type { SharedBudget } from './connector/budget.ts';
import type { Connector, Limits, RunningSandbox } from './connector/contract.ts';
import { httpKit } from './connector/http.ts';
import { slicesOf } from './connector/slice.ts';
import { sharedSandbox } from './connector/shared-sandbox.ts';
import { webhookSender } from './http/webhook.ts';
import type { LookupService } from './lookup/service.ts';
import { ensureQueues, startBoss } from './queue/boss.ts';
import { type Database, openDatabase, requireDatabase, type Sql } from './store/database.ts';
import { startEmbedded } from './store/embedded.ts';
import { openKeyLocks } from './store/key-lock.ts';
import { lastUsedVersions } from './store/mapping-version.ts';
import { findSchema, migrate } from './store/migrate.ts';
import type { Offer } from './sync/check-flows.ts';
import type { OpenConnection, SyncContext } from './sync/context.ts';
import { requireSameTenant, requireTenant, verifyTenants } from './sync/identity.ts';
import { requestTurns } from './sync/request-turns.ts';
import { askInDoubt, type Systems } from './sync/descriptions.ts';
import { crossing } from './sync/give-way.ts';
import { folderReader } from './sync/folder-reader.ts';
import { mappingFolder, type MappingFolder } from './sync/mapping-folder.ts';
import { type ReadingContext, readingOnly } from './sync/reading.ts';
import { mappingRefresher } from './sync/refresh-mappings.ts';
import type { SendNotice } from './sync/alert-outbox.ts';
import { logger } from './telemetry/logger.ts';
import { lineRedactor } from './telemetry/redact.ts';
import type { Logger } from 'pino';

const now = (): Date => new Date();
const sleep = (ms: number, signal: AbortSignal): Promise<void> => pause(ms, undefined, { signal });
const registry = Object.fromEntries(connectors.map((connector) => [connector.name, connector]));

/** What the files say: the configuration and the mappings. Nothing is opened. */
export type Definitions = {
  readonly config: Config;
  readonly folder: MappingFolder;
  /** Names the system behind each connection. */
  readonly systems: Systems;
  readonly log: Logger;
};

export type ComposeOptions = {
  /** Path of causeway.yaml; undefined asks the environment, and then takes the one in the working folder. */
  readonly configFile: string | undefined;
  /** `open` starts sandboxes and opens connections; `closed` opens the database alone, to look into it. */
  readonly systems: 'open' | 'closed';
  /** Aborts when everything in flight must be given up. */
  readonly halt: AbortSignal;
  /** Writes the log to a file in the data folder, so that it does not run through a progress display. */
  readonly logToFile?: boolean;
  readonly onProgress?: SyncContext['onProgress'];
  readonly reached?: SyncContext['reached'];
};

/** Everything opened and joined together. `close` ends it in reverse order. */
export type Causeway = Definitions & {
  readonly context: SyncContext;
  /** A pool of its own for what somebody waits for over HTTP; statements are given up after five seconds. */
  readonly requests: Database;
  readonly lookups: LookupService;
  /** To be called when somebody asks over HTTP. */
  readonly onCaller: () => void;
  readonly sandboxes: Sandboxes;
  /** How alerts are told beside the log. */
  readonly alerting: { readonly redact: (json: string) => string; readonly send: SendNotice | null };
  close(): Promise<void>;
};

export type Sandboxes = ReadonlyMap<string, RunningSandbox>;

/** Things to close, the newest first; what fails to close does not keep the others from closing. */
type Closers = (() => Promise<void> | void)[];

async function closeAll(closers: Closers): Promise<void> {
  for (const close of closers.toReversed()) await close();
}

/** Reads the configuration and the mappings. Throws every problem of the configuration at once. */
export async function define(configFile: string | undefined, logToFile = false): Promise<Definitions> {
  const config = readConfig(configFile, registry);
  const log = logger({
    level: config.log.level,
    destination: logToFile ? { file: join(config.data, 'causeway.log') } : 'stderr',
    secrets: config.secrets,
  });
  const offers = Object.values(config.connections).map((connection): Offer => ({
    ...connectorOf(connection),
    name: connection.name,
  }));
  const systems = Object.fromEntries(
    Object.values(config.connections).map((connection) => [
      connection.name,
      systemOf(connection, connectorOf(connection)),
    ]),
  );
  const folder = mappingFolder(config.mappings, dirname(config.file), folderReader(offers, systems));
  await folder.refresh();
  return { config, folder, systems, log };
}

/** Starts the sandboxes that the configuration names, or joins those that another process runs. */
export async function openSandboxes(
  config: Config,
): Promise<{ sandboxes: Sandboxes; close(): Promise<void> }> {
  const closers: Closers = [];
  const sandboxes = new Map<string, RunningSandbox>();
  try {
    for (const connection of Object.values(config.connections)) {
      const start = connectorOf(connection).sandbox;
      if (connection.sandbox === null || start === null) continue;
      const place = {
        ...connection.sandbox,
        connection: connection.name,
        folder: join(config.data, 'sandbox'),
        now,
      };
      const sandbox = await sharedSandbox(start, place);
      closers.push(sandbox.close);
      sandboxes.set(connection.name, sandbox);
    }
    return { sandboxes, close: () => closeAll(closers) };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** Opens everything. Throws what a person must mend; whatever was opened by then is closed again. */
export async function compose(options: ComposeOptions): Promise<Causeway> {
  const definitions = await define(options.configFile, options.logToFile);
  const closers: Closers = [];
  try {
    const parts = await open(definitions, options, closers);
    return { ...definitions, ...parts, close: () => closeAll(closers) };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function open(
  { config, folder, systems, log }: Definitions,
  options: ComposeOptions,
  closers: Closers,
): Promise<Pick<Causeway, 'context' | 'requests' | 'lookups' | 'onCaller' | 'sandboxes' | 'alerting'>> {
  const url = await databaseUrl(config, log, closers);
  const database = openDatabase(url, {
    max: 8,
    onError: (error) => log.warn({ err: error }, 'a database connection broke'),
  });
  closers.push(() => database.end());
  const requests = openDatabase(url, {
    max: 4,
    answersWithinMs: 5000,
    onError: (error) => log.warn({ err: error }, 'a database connection of the HTTP interface broke'),
  });
  closers.push(() => requests.end());
  await requireDatabase(database);
  await migrate(database);
  folder.recall(await lastUsedVersions(database));
  requireRetentionFlows(config.retention, folder);
  const boss = await startBoss(url, {
    onError: (error) => log.warn({ err: error }, 'the queue had a problem'),
    superviseSeconds: 5,
  });
  closers.push(() => boss.stop({ graceful: false }));
  const keyLocks = openKeyLocks(url, database, (error) =>
    log.warn({ err: error }, 'the database session that holds the locks on keys broke'),
  );
  closers.push(keyLocks.close);
  const opened =
    options.systems === 'open'
      ? await openSandboxes(config)
      : { sandboxes: new Map(), close: async () => {} };
  closers.push(opened.close);
  const processId = randomUUID();
  const connections =
    options.systems === 'open'
      ? openConnections(config, opened.sandboxes, log, closers, (connection, allowance) =>
          requestTurns({
            database,
            connection,
            holder: processId,
            allowance: () => (isLookedUp(folder, connection) ? slicesOf(allowance).sync : allowance),
            sleep,
            log,
          }),
        )
      : new Map();
  const verified = new Set<string>();
  const lookups = openLookups({
    url,
    connections: options.systems === 'open' ? openables(config, opened.sandboxes) : [],
    lookups: folder.lookups,
    mappings: folder.current,
    verify: (connection, signal) => requireTenant({ database, verified }, connection, signal),
    turns: { database, holder: processId, sleep, log },
    now,
    log,
  });
  closers.push(lookups.close);
  const callers = crossing({ clock: () => performance.now(), sleep });
  const context: SyncContext = {
    database,
    boss,
    keyLocks,
    connections,
    mappings: folder.current,
    refreshMappings: mappingRefresher({
      folder,
      systems,
      connections,
      verified,
      ensureQueues: (flow) => ensureQueues(boss, flow, config.retention.jobs),
      now,
      log,
    }),
    keepsPayloads: (flow) => keepsPayloads(config.retention, flow),
    isLookedUp: (flow) => folder.lookups().some(({ flows }) => flows.includes(flow)),
    verified,
    processId,
    now,
    random: Math.random,
    sleep,
    giveWay: () => callers.giveWay(options.halt),
    halt: options.halt,
    log,
    onProgress: options.onProgress ?? (() => {}),
    reached: options.reached ?? (() => {}),
  };
  await verifyTenants(context, options.halt);
  await askInDoubt(context, folder, systems, options.halt);
  for (const { flow } of folder.current()) await ensureQueues(boss, flow, config.retention.jobs);
  const webhook = config.alerts.webhook === null ? null : webhookSender({ ...config.alerts.webhook, now });
  if (webhook !== null) closers.push(webhook.close);
  const alerting = { redact: lineRedactor(config.secrets), send: webhook?.send ?? null };
  return { context, requests, lookups, onCaller: callers.asked, sandboxes: opened.sandboxes, alerting };
}

/** Whether a lookup asks the connection: then it has a part of the allowance. */
const isLookedUp = (folder: MappingFolder, name: string): boolean =>
  folder.lookups().some(({ questions }) => questions.some(({ connection }) => connection === name));

/** What only looks is given no more than this. `schema` is missing where nothing was ever carried. */
export type Reading = Definitions & {
  readonly context: ReadingContext;
  readonly lookups: LookupService;
  readonly schema: 'current' | 'missing';
  /** Opens a session that may write for the length of the work: for what a command keeps of its own result. */
  remember(work: (sql: Sql) => Promise<void>): Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens everything for reading alone (P9): nothing is migrated, no queue is touched, the database refuses writes, and
 * the connections have no writing method.
 */
export async function composeReading(
  options: Pick<ComposeOptions, 'configFile' | 'systems'>,
): Promise<Reading> {
  const definitions = await define(options.configFile);
  const { config, folder, log } = definitions;
  const closers: Closers = [];
  try {
    const url = await databaseUrl(config, log, closers);
    const database = openDatabase(url, {
      max: 4,
      readOnly: true,
      onError: (error) => log.warn({ err: error }, 'a database connection broke'),
    });
    closers.push(() => database.end());
    await requireDatabase(database);
    const schema = await findSchema(database);
    const opened = options.systems === 'open' ? await openSandboxes(config) : null;
    if (opened !== null) closers.push(opened.close);
    const connections =
      opened === null ? [] : [...openConnections(config, opened.sandboxes, log, closers).values()];
    const context: ReadingContext = {
      database,
      connections: new Map(connections.map((connection) => [connection.name, readingOnly(connection)])),
      mappings: folder.current,
      now,
    };
    const remember: Reading['remember'] = async (work) => {
      const writable = openDatabase(url, { max: 1, onError: () => {} });
      try {
        await work(writable);
      } finally {
        await writable.end();
      }
    };
    const lookups = openLookups({
      url,
      connections: opened === null ? [] : openables(config, opened.sandboxes),
      lookups: folder.lookups,
      mappings: folder.current,
      verify: (connection, signal) => requireSameTenant(database, connection, signal),
      turns: null,
      now,
      log,
    });
    closers.push(lookups.close);
    return { ...definitions, context, lookups, schema, remember, close: () => closeAll(closers) };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function databaseUrl(config: Config, log: Logger, closers: Closers): Promise<string> {
  if (config.database !== 'embedded') return config.database.url;
  const embedded = await startEmbedded({ dir: join(config.data, 'postgres'), log });
  closers.push(embedded.stop);
  return embedded.url;
}

function openConnections(
  config: Config,
  sandboxes: Sandboxes,
  log: Logger,
  closers: Closers,
  shared?: (connection: string, limits: Limits) => SharedBudget,
): Map<string, OpenConnection> {
  return new Map(
    openables(config, sandboxes).map(({ name, connector, limits, open: openWith }) => {
      const own = log.child({ connection: name });
      const turns = shared?.(name, limits);
      const http = httpKit({ limits, now, log: own, ...(turns === undefined ? {} : { shared: turns }) });
      closers.push(http.close);
      return [name, { ...openWith({ http, now, sleep, log: own }), name, connector, limits }];
    }),
  );
}

/** The connections with their settings, ready to be opened. */
function openables(config: Config, sandboxes: Sandboxes): (Openable & { readonly connector: Connector })[] {
  return Object.values(config.connections).map((connection) => {
    const connector = connectorOf(connection);
    const settings = settingsOf(connection, connector, sandboxes.get(connection.name)?.settings ?? {});
    return {
      name: connection.name,
      connector,
      limits: connector.limits(settings),
      open: (kit) => connector.open(settings, kit),
    };
  });
}

function connectorOf(connection: ConnectionConfig): Connector {
  const connector = registry[connection.connector];
  if (connector === undefined) throw new Error(`no connector is named ${connection.connector}`);
  return connector;
}
