/**
 * The child process that holds a lane's CRM and ERP, the doors before them and the people who work in them. It knows
 * the truth, and nothing of Causeway. The parent speaks to it by messages: see `Order`.
 */
import { hubspot } from '../../../connectors/hubspot/index.ts';
import { odoo } from '../../../connectors/odoo/index.ts';
import type { RunningSandbox } from '../../../src/connector/contract.ts';
import { type DoorRule, type Doors, openDoors, type Reading } from './door.ts';
import type { WorkerName } from './plan.ts';
import type { Truth } from './snapshot.ts';
import { call, type CrmDeed, type ErpDeed, type Users, usersOf } from './users.ts';

export type Beginning = {
  readonly folder: string;
  readonly version: '16' | '19';
  readonly skewMs: number;
  readonly companies: number;
  readonly contacts: number;
};

export type Order =
  | ({ readonly do: 'begin' } & Beginning)
  | { readonly do: 'door'; readonly system: 'crm' | 'erp'; readonly rule: DoorRule }
  | {
      readonly do: 'sandbox';
      readonly system: 'crm' | 'erp';
      readonly rules: { readonly [rule: string]: unknown };
    }
  | { readonly do: 'crm'; readonly deed: CrmDeed }
  | { readonly do: 'erp'; readonly deed: ErpDeed }
  /** Ends all faults of both systems. */
  | { readonly do: 'heal' }
  /** Until when something has happened in the CRM that a reader must have seen. */
  | { readonly do: 'newest' }
  | { readonly do: 'truth' }
  | { readonly do: 'end' };

/** Where the workers reach the systems. */
export type Opened = { readonly crm: Doors['ports']; readonly erp: Doors['ports'] };

/** What the child says: the answer to an order, a fault that has happened, or a worker that is to be killed now. */
export type Said =
  | { readonly answer: number; readonly value: unknown; readonly error: string | null }
  | { readonly struck: string }
  | { readonly kill: WorkerName };

type World = {
  readonly sandboxes: { readonly crm: RunningSandbox; readonly erp: RunningSandbox };
  readonly doors: { readonly crm: Doors; readonly erp: Doors };
  readonly users: Users;
  /** Rules that hold for the whole run. */
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
      world.lagMs = order.system === 'crm' ? lagOf(order.rules) : world.lagMs;
      return misbehave(
        sandboxes[order.system],
        order.system === 'crm' ? { ...lasting, ...order.rules } : order.rules,
      );
    case 'crm':
      return users.inCrm(order.deed, world.lagMs);
    case 'erp':
      return users.inErp(order.deed);
    case 'heal':
      world.lagMs = 0;
      for (const door of Object.values(doors)) door.heal();
      await misbehave(sandboxes.crm, lasting);
      return misbehave(sandboxes.erp, {});
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

const lagOf = ({ indexLagMs, lateCommitMs }: { readonly [rule: string]: unknown }): number =>
  Number(indexLagMs ?? 0) + Number(lateCommitMs ?? 0);

const misbehave = (sandbox: RunningSandbox, rules: unknown): Promise<unknown> =>
  call(`${sandbox.url}/_sandbox/misbehave`, 'PUT', rules);

async function begin({ folder, version, skewMs, companies, contacts }: Beginning): Promise<Opened> {
  const lasting = { clockSkewMs: skewMs };
  const common = { port: 0, now: () => new Date() };
  const [crm, erp] = await Promise.all([
    hubspot.sandbox?.({ ...common, file: `${folder}/crm.journal`, seed: 'empty', misbehave: lasting }),
    odoo.sandbox?.({ ...common, file: `${folder}/erp.journal`, seed: `empty:${version}`, misbehave: {} }),
  ]);
  if (crm === undefined || erp === undefined) throw new Error('a connector has no sandbox');
  const kill = (worker: WorkerName): void => say({ kill: worker });
  const struck = (system: string) => (kind: string) => say({ struck: `${system} ${kind}` });
  const doors = {
    crm: await openDoors({
      target: portOf(crm),
      read: crmWrite,
      tooMany: crmTooMany,
      struck: struck('crm'),
      kill,
    }),
    erp: await openDoors({ target: portOf(erp), read: odooWrite, tooMany: '', struck: struck('erp'), kill }),
  };
  const users = usersOf({ crm: crm.url, token: String(crm.settings['token']), erp: erp.url });
  await users.settle(companies, contacts);
  world = { sandboxes: { crm, erp }, doors, users, lasting, lagMs: 0 };
  return { crm: doors.crm.ports, erp: doors.erp.ports };
}

const newest = ({ users, doors, lasting }: World): number =>
  Math.max(
    0,
    ...users.crmJournal.map(({ shownAt }) => shownAt),
    ...doors.crm.writes.filter(({ arrived }) => arrived).map(({ to }) => to),
  ) + Math.max(0, Number(lasting['clockSkewMs']));

const portOf = ({ url }: RunningSandbox): number => Number(new URL(url).port);

const crmTooMany = JSON.stringify({
  status: 'error',
  message: 'You have reached your secondly limit.',
  errorType: 'RATE_LIMIT',
  policyName: 'SECONDLY',
});

/** HubSpot's batches of updates are all that Causeway writes there. */
function crmWrite(_method: string, path: string, body: string): Reading | null {
  const entity = /\/objects\/([^/]+)\/batch\/update$/.exec(path)?.[1];
  if (entity === undefined) return null;
  const { inputs } = JSON.parse(body) as { inputs: { id: string }[] };
  return { operation: `${entity} update`, keys: inputs.map(({ id }) => `${entity} ${id}`) };
}

type Named = { readonly [name: string]: unknown };

const odooReads = /^(search|read|fields|context|default|name_|check|get_|version|authenticate|login)/;

/** What a call of Odoo writes, over either of its protocols. Records are named by external id or by database id. */
function odooWrite(_method: string, path: string, body: string): Reading | null {
  const json2 = /^\/json\/2\/([^/]+)\/([^/]+)$/.exec(path);
  if (json2 === null && path !== '/jsonrpc') return null;
  const parsed = JSON.parse(body) as { params?: { args?: unknown[] } } & { [name: string]: unknown };
  const args = (parsed.params?.args ?? []) as [
    unknown,
    unknown,
    unknown,
    string?,
    string?,
    unknown[]?,
    Named?,
  ];
  const [model, method] =
    json2 === null ? [args[3] ?? '', args[4] ?? 'login'] : [json2[1] ?? '', json2[2] ?? ''];
  if (odooReads.test(method)) return null;
  const positional = args[5] ?? [];
  const named = (json2 === null ? args[6] : parsed) as Named | undefined;
  const operation = `${model} ${method}`;
  if (method !== 'load') {
    const ids = [named?.['ids'] ?? positional[0]].flat().filter((id) => typeof id === 'number');
    return { operation, keys: ids.map((id) => `${model} ${id}`) };
  }
  const fields = (named?.['fields'] ?? positional[0]) as string[];
  const data = (named?.['data'] ?? positional[1]) as string[][];
  const keys = data.flatMap((row) => {
    const external = row[fields.indexOf('id')];
    const id = row[fields.indexOf('.id')];
    return external ? [`${model} ${external}`] : id ? [`${model} ${id}`] : [];
  });
  return { operation, keys };
}

async function truth({ sandboxes, doors, users }: World): Promise<Truth> {
  const records = (system: 'crm' | 'erp', entity: string): Promise<unknown> =>
    call(`${sandboxes[system].url}/_sandbox/records/${entity}`, 'GET');
  return {
    crm: {
      companies: (await records('crm', 'companies')) as Truth['crm']['companies'],
      contacts: (await records('crm', 'contacts')) as Truth['crm']['contacts'],
    },
    erp: {
      partners: (await records('erp', 'res.partner')) as Truth['erp']['partners'],
      externalIds: (await records('erp', 'ir.model.data')) as Truth['erp']['externalIds'],
    },
    crmJournal: users.crmJournal,
    erpJournal: users.erpJournal,
    writes: { crm: doors.crm.writes, erp: doors.erp.writes },
    targets: [...doors.crm.targets, ...doors.erp.targets],
  };
}
