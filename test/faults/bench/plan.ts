/** What one run does and suffers, all of it from the run's seed. */
import type { Step } from '../../../src/sync/context.ts';
import type { DoorRule } from './door.ts';
import { type Random, randomOf } from './random.ts';
import type { CrmDeed, ErpDeed } from './users.ts';

export type WorkerName = 'a' | 'b';
export type SystemName = 'crm' | 'erp' | 'plain';
export type Pair = SystemName | 'database';

/** A worker ends or stops itself when it comes to a step for the nth time. */
export type StepPlan = {
  readonly step: Step;
  readonly nth: number;
  readonly ending: 'kill' | { readonly stopMs: number };
};

type Trouble =
  | { readonly do: 'kill'; readonly worker: WorkerName }
  | { readonly do: 'stop'; readonly worker: WorkerName; readonly ms: number }
  | { readonly do: 'postgres'; readonly how: 'fast' | 'immediate' }
  | { readonly do: 'cut' | 'truncate'; readonly worker: WorkerName; readonly pair: Pair }
  | { readonly do: 'stall' | 'refuse'; readonly worker: WorkerName; readonly pair: Pair; readonly ms: number }
  | {
      readonly do: 'delay';
      readonly worker: WorkerName;
      readonly pair: Pair;
      readonly ms: number;
      readonly by: number;
    }
  | { readonly do: 'door'; readonly system: SystemName; readonly rule: DoorRule }
  | {
      readonly do: 'sandbox';
      readonly system: SystemName;
      readonly rules: { readonly [rule: string]: unknown };
      readonly ms: number;
    };

/** Something that happens so many milliseconds after the first worker has begun. */
export type Happening = { readonly at: number } & (
  | Trouble
  | { readonly do: 'crm'; readonly deed: CrmDeed }
  | { readonly do: 'erp'; readonly deed: ErpDeed }
);

export type Plan = {
  readonly seed: number;
  readonly version: '16' | '19';
  readonly companies: number;
  readonly contacts: number;
  readonly deals: number;
  /** How far HubSpot's clock is ahead of ours. It stays so: the clock of a vendor does not jump. */
  readonly skewMs: number;
  /** How the plain ERP misbehaves from the start until all faults end. */
  readonly plain: { readonly [rule: string]: unknown };
  /** How long the trouble lasts. */
  readonly lastsMs: number;
  /** Whether the trouble begins with the first worker, in its first read, or when that has caught up. */
  readonly from: 'up' | 'serving';
  /** Whether the commands of an operator are run at the end, and their output is kept. */
  readonly cli: boolean;
  /** For each worker, what its first life, its second life and so on come to. */
  readonly lives: { readonly [worker in WorkerName]: readonly (readonly StepPlan[])[] };
  /** How long a killed worker stays away, in turn. */
  readonly awayMs: readonly number[];
  readonly happenings: readonly Happening[];
};

/** The steps between which a promise could break come more often. */
const steps: readonly Step[] = [
  'cursor_moved',
  'cursor_moved',
  'intents_committed',
  'batch_answered',
  'ticked',
  'page_read',
  'cursor_moved',
  'page_committed',
  'jobs_leased',
  'looked_up',
  'intents_committed',
  'batch_answered',
  'settling',
  'settled',
  'write_back_answered',
  'written_back',
];
const workers = ['a', 'b'] as const;

/** People go on for so long after the last fault has begun: what waits for a request then finds one to strike. */
export const echoMs = 5000;

/** Plans a run. The same seed always gives the same plan. */
export function planRun(seed: number): Plan {
  const random = randomOf(seed);
  const lastsMs = random.int(6000, 9000);
  const happenings = [
    ...deeds(random, lastsMs),
    ...Array.from({ length: random.int(6, 12) }, () => trouble(random, lastsMs)),
  ];
  return {
    seed,
    version: seed % 2 === 0 ? '19' : '16',
    companies: random.int(8, 16),
    contacts: random.int(6, 14),
    deals: random.int(6, 14),
    skewMs: random.pick([0, 0, -1500, 900]),
    plain: random.chance(0.6) ? plainRules(random) : {},
    lastsMs,
    cli: random.chance(0.1),
    from: random.pick(['up', 'serving', 'serving']),
    lives: { a: lives(random), b: lives(random) },
    awayMs: Array.from({ length: 8 }, () => random.pick([0, 200, 1000, 3000])),
    happenings: happenings.sort((one, other) => one.at - other.at),
  };
}

function lives(random: Random): StepPlan[][] {
  const life = (): StepPlan[] =>
    random.chance(0.6) ? [{ step: random.pick(steps), nth: random.int(1, 3), ending: ending(random) }] : [];
  return [life(), life(), life()];
}

/** Most ends are kills. A stop is short, or longer than the lease: then another worker has taken over meanwhile. */
const ending = (random: Random): StepPlan['ending'] =>
  random.chance(0.75) ? 'kill' : { stopMs: stopMs(random) };

const stopMs = (random: Random): number =>
  random.chance(0.4) ? random.int(17_000, 19_000) : random.int(300, 4000);

function trouble(random: Random, lastsMs: number): Happening {
  const at = random.int(0, lastsMs);
  const worker = random.pick(workers);
  const pair = random.pick(['crm', 'erp', 'plain', 'database'] as const);
  const system = random.pick(['crm', 'erp', 'plain', 'plain'] as const);
  const ms = (): number => random.int(1000, lastsMs);
  const kinds: (() => Trouble)[] = [
    () => ({ do: 'kill', worker }),
    () => ({ do: 'stop', worker, ms: stopMs(random) }),
    () => ({ do: 'postgres', how: random.pick(['fast', 'immediate']) }),
    () => ({ do: 'cut', worker, pair }),
    () => ({ do: 'truncate', worker, pair }),
    () => ({ do: 'stall', worker, pair, ms: random.int(500, 6000) }),
    () => ({ do: 'refuse', worker, pair, ms: random.int(300, 3000) }),
    () => ({ do: 'delay', worker, pair, ms: random.int(1000, 4000), by: random.int(5, 150) }),
    () => ({ do: 'sandbox', system: 'crm', rules: { indexLagMs: random.int(500, 5000) }, ms: lastsMs }),
    () => ({ do: 'sandbox', system: 'crm', rules: { lateCommitMs: random.int(500, 5000) }, ms: lastsMs }),
    () => ({ do: 'sandbox', system: 'erp', rules: { serializationFailureEvery: 2 }, ms: ms() }),
    () => ({ do: 'sandbox', system: 'plain', rules: plainRules(random), ms: ms() }),
    () => ({ do: 'sandbox', system: 'plain', rules: plainRules(random), ms: ms() }),
    () => ({ do: 'sandbox', system: 'plain', rules: plainRules(random), ms: ms() }),
  ];
  // Requests are what most faults strike, so the door has half of them.
  return { at, ...(random.chance(0.5) ? doorTrouble(random, system) : random.pick(kinds)()) };
}

/** The ways of an ERP that writes row by row. Several at once, as on a bad day. */
function plainRules(random: Random): { readonly [rule: string]: unknown } {
  const all: (() => { readonly [rule: string]: unknown })[] = [
    () => ({ partialEvery: random.int(1, 2), partialThen: random.pick(['error', 'drop']) }),
    () => ({ otherOrder: true }),
    () => ({ omitOutcomeEvery: random.int(1, 5) }),
    () => ({ indexLagMs: random.int(300, 1400) }),
    () => ({ commitDelayMs: random.int(100, 800) }),
    () => ({ errorIn200Every: random.int(1, 2) }),
    () => ({ lockedEvery: random.int(2, 5) }),
    () => ({ loseAnswerEvery: random.int(1, 2) }),
  ];
  return { ...random.pick(all)(), ...random.pick(all)() };
}

function doorTrouble(random: Random, system: SystemName): Trouble {
  const times = random.int(1, 3);
  const ms = random.int(500, 3000);
  const rules: (() => DoorRule)[] = [
    () => ({ rule: 'lose_answer', times }),
    () => ({ rule: 'gateway_timeout', times }),
    // Only what is safe to send twice may be sent twice by a middlebox (RFC 9110, 9.2.2).
    () => ({ rule: system === 'plain' ? 'lose_answer' : 'replay', times }),
    () => ({ rule: 'slow', times, ms: random.int(200, 1500) }),
    // Late and unseen for less than the plain ERP's connector says, and long enough to matter.
    ...Array.from({ length: system === 'plain' ? 4 : 0 }, () => () => ({
      rule: 'impatient_gateway' as const,
      times,
      ms: random.int(1200, 2500),
    })),
    () => ({ rule: 'too_many', ms, retryAfter: null }),
    () => ({ rule: 'too_many', ms, retryAfter: random.int(1, 2) }),
    () => ({ rule: 'unavailable', ms }),
    () => ({ rule: 'down', ms }),
    () => ({
      rule: 'kill',
      worker: random.pick(workers),
      nth: random.int(1, 3),
      when: random.pick(['before', 'after'] as const),
    }),
  ];
  return { do: 'door', system, rule: random.pick(rules)() };
}

/** People go on working in both systems. `pick` chooses among the records that are there at that moment. */
function deeds(random: Random, lastsMs: number): Happening[] {
  const deletesDeals = random.chance(0.15);
  const crm = Array.from({ length: random.int(18, 32) }, (): Happening => {
    const entity = random.pick(['companies', 'companies', 'contacts', 'deals', 'deals'] as const);
    const pick = random.next();
    // The deletes of deals and of their lines are noticed once a minute, so most runs do without.
    const slow = entity === 'deals' && !deletesDeals;
    const other = slow ? random.next() * 0.9 : random.next();
    const chosen = random.pick<CrmDeed['deed']>([
      ...Array.from({ length: 10 }, () => 'edit' as const),
      'create',
      'create',
      'create',
      'archive',
      'merge',
      'move',
      'touch',
      'blank',
      'stage',
      'stage',
      'line',
      'line',
    ]);
    const deed = slow && chosen === 'archive' ? 'edit' : chosen;
    return { at: random.int(0, lastsMs + echoMs), do: 'crm', deed: { deed, entity, pick, other } };
  });
  const erp = Array.from({ length: random.int(4, 10) }, (): Happening => {
    const store = random.pick(['res.partner', 'res.partner', 'customers', 'orders'] as const);
    const field = random.pick(['memo', 'memo', 'ours'] as const);
    return { at: random.int(1500, lastsMs), do: 'erp', deed: { in: store, field, pick: random.next() } };
  });
  return [...crm, ...erp];
}
