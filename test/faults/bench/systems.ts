/**
 * The child process that holds a lane's CRM and its two ERPs, the doors before them and the people who work in them.
 * It knows the truth, and nothing of Causeway. The parent speaks to it by messages: see `Order`.
 */
import { hubspot } from '../../../connectors/hubspot/index.ts';
import { odoo } from '../../../connectors/odoo/index.ts';
import type { Connector, RunningSandbox } from '../../../src/connector/contract.ts';
import { type DoorRule, type Doors, openDoors } from './door.ts';
import { plainErp } from './plain-erp/index.ts';
import type { SystemName, WorkerName } from './plan.ts';
import { readHubspot, readOdoo, readPlain } from './readings.ts';
import type { Newest, Truth } from './snapshot.ts';
import { crmTruth, odooTruth, plainTruth } from './truth.ts';
import { call, type CrmDeed, crmEntities, type ErpDeed, type Users, usersOf } from './users.ts';

export type Beginning = {
  readonly folder: string;
  readonly version: '16' | '19';
  readonly skewMs: number;
  readonly plain: { readonly [rule: string]: unknown };
  readonly companies: number;
  readonly contacts: number;
  readonly deals: number;
};

export type Order =
  | ({ readonly do: 'begin' } & Beginning)
  | { readonly do: 'door'; readonly system: SystemName; readonly rule: DoorRule }
  | {
      readonly do: 'sandbox';
      readonly system: SystemName;
      readonly rules: { readonly [rule: string]: unknown };
    }
  | { readonly do: 'crm'; readonly deed: CrmDeed }
  | { readonly do: 'erp'; readonly deed: ErpDeed }
  /** How many rules of the doors still wait for a write. */
  | { readonly do: 'armed' }
  /** Ends all faults of all systems. */
  | { readonly do: 'heal' }
  /** Until when something has happened in the CRM that a reader must have seen. */
  | { readonly do: 'newest' }
  | { readonly do: 'truth' }
  | { readonly do: 'end' };

/** Where each worker reaches the systems. */
export type Opened = { readonly [system in SystemName]: Doors['ports'] };

/** What the child says: the answer to an order, a fault that has happened, or a worker that is to be killed now. */
export type Said =
  | { readonly answer: number; readonly value: unknown; readonly error: string | null }
  | { readonly struck: string }
  | { readonly kill: WorkerName };

type World = {
  readonly sandboxes: { readonly [system in SystemName]: RunningSandbox };
  readonly doors: { readonly [system in SystemName]: Doors };
  readonly users: Users;
  /** Rules of the CRM that hold for the whole run. */
  readonly lasting: { readonly [rule: string]: unknown };
  lagMs: number;
};

let world: World | null = null;
const say = (said: Said): void => void process.send?.(said);

process.on('message', (message: { readonly nth: number; readonly order: Order }) => {
  obey(message.order).then(
    (value) => say({ answer: message.nth, value, error: null }),
    (error: unknown) =>
      say({ answer: message.nth, value: null, error: error instanceof Error ? error.message : 'unknown' }),
  );
});
process.on('disconnect', () => process.exit());

async function obey(order: Order): Promise<unknown> {
  if (order.do === 'begin') return begin(order);
  if (world === null) throw new Error('no run has begun');
  const { sandboxes, doors, users, lasting } = world;
  switch (order.do) {
    case 'door':
      return doors[order.system].obey(order.rule);
    case 'sandbox':
      if (order.system !== 'crm') return misbehave(sandboxes[order.system], order.rules);
      world.lagMs = lagOf(order.rules);
      return misbehave(sandboxes.crm, { ...lasting, ...order.rules });
    case 'crm':
      return users.inCrm(order.deed, world.lagMs);
    case 'erp':
      return users.inErp(order.deed);
    case 'armed':
      return Object.values(doors).reduce((sum, door) => sum + door.armed(), 0);
    case 'heal':
      return heal(world);
    case 'newest':
      return newest(world);
    case 'truth':
      return truth(world);
    default:
      for (const door of Object.values(doors)) await door.close();
      for (const sandbox of Object.values(sandboxes)) await sandbox.close();
      world = null;
  }
}

async function heal(world: World): Promise<void> {
  world.lagMs = 0;
  for (const door of Object.values(world.doors)) door.heal();
  await misbehave(world.sandboxes.crm, world.lasting);
  await misbehave(world.sandboxes.erp, {});
  await misbehave(world.sandboxes.plain, {});
}

const lagOf = ({ indexLagMs, lateCommitMs }: { readonly [rule: string]: unknown }): number =>
  Number(indexLagMs ?? 0) + Number(lateCommitMs ?? 0);

const misbehave = async (sandbox: RunningSandbox, rules: unknown): Promise<void> =>
  void (await call(`${sandbox.url}/_sandbox/misbehave`, 'PUT', rules));

function newest({ users, doors, lasting }: World): Newest {
  const ahead = Math.max(0, Number(lasting['clockSkewMs']));
  const last = (times: readonly number[]): number => Math.max(0, ...times) + ahead;
  const written = doors.crm.writes.filter(({ arrived }) => arrived).map(({ to }) => to);
  const removals = users.crmJournal.filter(({ removed }) => removed);
  return {
    changed: last([...users.crmJournal.map(({ shownAt }) => shownAt), ...written]),
    removed: crmEntities.map((entity) => ({
      entity,
      at: last(removals.filter((entry) => entry.entity === entity).map(({ shownAt }) => shownAt)),
    })),
  };
}

async function begin(given: Beginning): Promise<Opened> {
  const { folder, version, skewMs, companies, contacts, deals } = given;
  const lasting = { clockSkewMs: skewMs };
  const open = (connector: Pick<Connector, 'sandbox' | 'name'>, seed: string, misbehave: object) => {
    if (connector.sandbox === null) throw new Error(`${connector.name} has no sandbox`);
    const file = `${folder}/${connector.name}.journal`;
    return connector.sandbox({ file, seed, port: 0, misbehave: { ...misbehave }, now: () => new Date() });
  };
  const sandboxes = {
    crm: await open(hubspot, 'empty', lasting),
    erp: await open(odoo, `empty:${version}`, {}),
    plain: await open(plainErp, 'empty', given.plain),
  };
  const doorsOf = (system: SystemName, read: typeof readOdoo, tooMany: string): Promise<Doors> =>
    openDoors({
      target: Number(new URL(sandboxes[system].url).port),
      read,
      tooMany,
      struck: (kind) => say({ struck: `${system} ${kind}` }),
      kill: (worker) => say({ kill: worker }),
    });
  const doors = {
    crm: await doorsOf('crm', readHubspot, crmTooMany),
    erp: await doorsOf('erp', readOdoo, ''),
    plain: await doorsOf('plain', readPlain, ''),
  };
  const { crm, erp, plain } = sandboxes;
  const users = usersOf({
    crm: crm.url,
    token: String(crm.settings['token']),
    erp: erp.url,
    plain: plain.url,
  });
  await users.settle(companies, contacts, deals);
  world = { sandboxes, doors, users, lasting, lagMs: 0 };
  return { crm: doors.crm.ports, erp: doors.erp.ports, plain: doors.plain.ports };
}

const crmTooMany = JSON.stringify({
  status: 'error',
  message: 'You have reached your secondly limit.',
  errorType: 'RATE_LIMIT',
  policyName: 'SECONDLY',
});

async function truth({ sandboxes, doors, users }: World): Promise<Truth> {
  const { strikes } = (await call(`${sandboxes.plain.url}/_sandbox/stats`, 'GET')) as Pick<Truth, 'strikes'>;
  return {
    crm: await crmTruth(sandboxes.crm),
    erp: [...(await odooTruth(sandboxes.erp)), ...(await plainTruth(sandboxes.plain))],
    crmJournal: users.crmJournal,
    erpJournal: users.erpJournal,
    writes: { crm: doors.crm.writes, erp: doors.erp.writes, plain: doors.plain.writes },
    targets: Object.values(doors).flatMap((door) => [...door.targets]),
    strikes,
  };
}
