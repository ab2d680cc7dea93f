/** One run: a plan is carried out on a lane, and judged. */
import { appendFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type Canary, findCanaries, writtenIn } from './canaries.ts';
import { type Finding, judge } from './checker.ts';
import type { Systems } from './children.ts';
import { type Crew, startCrew, type Wires } from './crew.ts';
import type { LaneDatabase } from './database.ts';
import { echoMs, type Happening, planRun, type Plan, type WorkerName } from './plan.ts';
import { comeToRest } from './rest.ts';
import type { Programs } from './programs.ts';
import { listen } from './said.ts';
import { type Newest, readTables, type Snapshot, type Truth } from './snapshot.ts';
import type { Opened } from './systems.ts';
import { payloadCanary } from './users.ts';

export type Lane = {
  readonly database: LaneDatabase;
  readonly systems: Systems;
  readonly programs: Programs;
  readonly folder: string;
};

export type RunResult = {
  readonly seed: number;
  readonly findings: readonly Finding[];
  /** How often each kind of fault has really happened. */
  readonly faults: ReadonlyMap<string, number>;
  readonly ms: number;
  /** Where its logs and its snapshot are. */
  readonly folder: string;
};

const workers = ['a', 'b'] as const;
const secrets = {
  BENCH_CRM_TOKEN: 'pat-sandbox-0000',
  BENCH_ERP_KEY: 'sandbox-api-key',
  BENCH_PLAIN_KEY: 'plain-sandbox-key',
};

/** A run on its way. */
type Scene = {
  readonly plan: Plan;
  readonly lane: Lane;
  readonly folder: string;
  readonly crew: Crew;
  readonly note: (what: string) => void;
  readonly struck: (kind: string) => void;
};

/** Carries out the plan of a seed, waits until everything has come to rest, and judges. */
export async function runOnce(lane: Lane, seed: number): Promise<RunResult> {
  const began = Date.now();
  const plan = planRun(seed);
  const folder = join(lane.folder, `run-${seed}`);
  mkdirSync(folder, { recursive: true });
  const faults = new Map<string, number>();
  // A worker that would not end may end when its run is over and its folder gone.
  const note = (what: string): void => {
    if (existsSync(folder))
      appendFileSync(join(folder, 'events.log'), `${new Date().toISOString()} ${what}\n`);
  };
  const struck = (kind: string): void => {
    faults.set(kind, (faults.get(kind) ?? 0) + 1);
    note(`fault: ${kind}`);
  };
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan, null, 1));
  const name = `run_${seed}`;
  await lane.database.create(name);
  const opened = (await lane.systems.order({ do: 'begin', folder, ...plan })) as Opened;
  const config = configure(folder);
  const crew = await startCrew({
    plan,
    note,
    struck,
    program: lane.programs.worker,
    config,
    logFile: (worker) => join(folder, `worker-${worker}.log`),
    targets: {
      crm: (worker) => opened.crm[worker],
      erp: (worker) => opened.erp[worker],
      plain: (worker) => opened.plain[worker],
      database: () => lane.database.port(),
    },
    envOf: (wires) => environment(lane, name, wires),
  });
  const scene: Scene = { plan, lane, folder, crew, note, struck };
  lane.systems.hear = (said) => {
    if ('struck' in said) struck(said.struck);
    else crew.kill(said.kill, 'during a write');
  };
  try {
    await makeTrouble(scene);
    const own = lane.database.url(name, lane.database.port());
    const hanging = await comeToRest(
      own,
      () => lane.systems.order({ do: 'newest' }) as Promise<Newest>,
      crew,
      note,
    );
    note('it has come to rest, or never will');
    if (hanging.length > 0) note(`it has not come to rest: ${hanging.join('; ')}`);
    await listen(
      folder,
      crew.addresses,
      plan.cli
        ? { program: lane.programs.operator, config, env: environment(lane, name, crew.wires.a) }
        : null,
    );
    await crew.close();
    const snapshot = await look(scene, name, hanging);
    for (const [rule, count] of Object.entries(snapshot.truth.strikes)) faults.set(`plain ${rule}`, count);
    const findings = [
      ...judge(snapshot),
      ...crew.accidents.map(accident),
      ...findCanaries(canariesOf(lane), [
        ...writtenIn(folder),
        ...snapshot.truth.targets.map((text) => ({ name: 'an address that was asked for', text })),
      ]),
    ];
    if (findings.length > 0) {
      writeFileSync(join(folder, 'findings.json'), JSON.stringify(findings, null, 1));
      writeFileSync(join(folder, 'snapshot.json'), JSON.stringify(snapshot, null, 1));
    }
    return { seed, findings, faults, ms: Date.now() - began, folder };
  } finally {
    await crew.close();
    await lane.systems.order({ do: 'end' });
    await lane.database.drop(name);
  }
}

/** Texts that must stand nowhere: the secrets of the configuration, and a text of every payload. */
const canariesOf = (lane: Lane): Canary[] => [
  ...Object.entries(secrets).map(([name, text]) => ({ name, text })),
  { name: 'the password of the database', text: new URL(lane.database.url('x', 1)).password },
  { name: 'a payload', text: payloadCanary },
];

const accident = (found: string): Finding => ({
  verdict: 'unexplained',
  record: 'the run',
  expected: 'a worker lives until it is killed',
  found,
});

/** The worker's own folder: the configuration, whose secrets come from the environment, and the mappings. */
function configure(folder: string): string {
  const config = join(folder, 'causeway.yaml');
  cpSync(fileURLToPath(new URL('mappings', import.meta.url)), join(folder, 'mappings'), { recursive: true });
  writeFileSync(
    config,
    `database: \${BENCH_DATABASE}
data: ${join(folder, 'data')}
mappings: mappings
connections:
  crm:
    connector: hubspot
    settings: { token: '\${BENCH_CRM_TOKEN}', baseUrl: '\${BENCH_CRM}', settledSeconds: 1, overlapSeconds: 15, searchesPerSecond: 1000, requestsPerTenSeconds: 1000000 }
  erp:
    connector: odoo
    settings: { url: '\${BENCH_ERP}', database: odoo, username: admin, apiKey: '\${BENCH_ERP_KEY}', deadlineMs: 4000 }
  plain:
    connector: plain-erp
    settings: { url: '\${BENCH_PLAIN}', apiKey: '\${BENCH_PLAIN_KEY}', deadlineMs: 3500, settleMs: 1500 }
log: { level: info }
`,
  );
  return config;
}

const environment = (
  lane: Lane,
  name: string,
  wires: Wires[WorkerName],
): { readonly [name: string]: string } => ({
  ...secrets,
  BENCH_DATABASE: lane.database.url(name, wires.database.port),
  BENCH_CRM: `http://127.0.0.1:${wires.crm.port}`,
  BENCH_PLAIN: `http://127.0.0.1:${wires.plain.port}`,
  BENCH_ERP: `http://127.0.0.1:${wires.erp.port}`,
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
});

/** The trouble begins after so long in any case. Before a worker has caught up, most of it would find nothing to strike. */
const longestCalmMs = 60_000;

/** Everything that is planned happens at its time; then all faults end, and people go on for a moment. */
async function makeTrouble(scene: Scene): Promise<void> {
  const { plan, crew, note, lane } = scene;
  await Promise.race([crew[plan.from], sleep(longestCalmMs)]);
  const began = Date.now();
  const all = plan.happenings.map(async (happening) => {
    await sleep(Math.max(0, began + happening.at - Date.now()));
    await happen(scene, happening).catch((error: unknown) => note(`it did not happen: ${String(error)}`));
  });
  await sleep(plan.lastsMs);
  // What is armed waits for a request to strike.
  while (Date.now() < began + plan.lastsMs + echoMs && (await lane.systems.order({ do: 'armed' })) !== 0)
    await sleep(250);
  note('the trouble is over');
  await lane.systems.order({ do: 'heal' });
  crew.heal();
  await Promise.all(all);
}

async function happen(scene: Scene, happening: Happening): Promise<void> {
  const { crew, lane, note, struck, plan } = scene;
  const { systems, database } = lane;
  if (happening.do !== 'crm' && happening.do !== 'erp') note(`now: ${JSON.stringify(happening)}`);
  switch (happening.do) {
    case 'crm':
      return void (await systems.order({ do: 'crm', deed: happening.deed }));
    case 'erp':
      return void (await systems.order({ do: 'erp', deed: happening.deed }));
    case 'door':
      return void (await systems.order({ do: 'door', system: happening.system, rule: happening.rule }));
    case 'sandbox':
      // The plain ERP counts for itself how often its rules have struck.
      if (happening.system !== 'plain') struck(`${happening.system} ${Object.keys(happening.rules).join()}`);
      await systems.order({ do: 'sandbox', system: happening.system, rules: happening.rules });
      await sleep(Math.min(happening.ms, plan.lastsMs - happening.at));
      return void (await systems.order({ do: 'sandbox', system: happening.system, rules: {} }));
    case 'kill':
      struck('kill at any moment');
      return crew.kill(happening.worker, 'at any moment');
    case 'stop':
      struck('stop at any moment');
      return crew.stop(happening.worker, happening.ms, 'at any moment');
    case 'postgres':
      struck(`postgres ${happening.how}`);
      for (const worker of workers) crew.disturb(worker, 'no database', 3000);
      return database.restart(happening.how);
    default:
      return upset(scene, happening);
  }
}

/** What befalls a wire. */
async function upset(
  { crew, struck, plan }: Scene,
  happening: Extract<Happening, { pair: string }>,
): Promise<void> {
  const { worker, pair } = happening;
  const wire = crew.wires[worker][pair];
  const kind = `${pair} wire ${happening.do}`;
  switch (happening.do) {
    case 'cut':
      if (wire.cut() > 0) struck(kind);
      crew.disturb(worker, kind, 500);
      return;
    case 'truncate':
      return wire.truncateNext(() => {
        struck(kind);
        crew.disturb(worker, kind, 500);
      });
    case 'delay':
      struck(kind);
      wire.delay(happening.by);
      await sleep(Math.min(happening.ms, plan.lastsMs - happening.at));
      return wire.delay(0);
    case 'refuse':
      struck(kind);
      wire.refuse(true);
      wire.cut();
      break;
    default:
      struck(kind);
      wire.stall(true);
  }
  crew.disturb(worker, kind, happening.ms);
  await sleep(Math.min(happening.ms, plan.lastsMs - happening.at));
  wire.refuse(false);
  wire.stall(false);
}

async function look({ lane, crew }: Scene, name: string, hanging: readonly string[]): Promise<Snapshot> {
  const client = new pg.Client({ connectionString: lane.database.url(name, lane.database.port()) });
  await client.connect();
  try {
    const truth = (await lane.systems.order({ do: 'truth' })) as Truth;
    return { truth, tables: await readTables(client), disturbances: crew.disturbances, hanging };
  } finally {
    await client.end();
  }
}
