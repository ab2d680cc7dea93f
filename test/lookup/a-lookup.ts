import type { Found } from '../../src/connector/contract.ts';
import type { SourceRecord } from '../../src/connector/value.ts';
import type { LookupConnection } from '../../src/lookup/ask.ts';
import { keptAnswers, usualRoom } from '../../src/lookup/answers.ts';
import { bodyWithAge } from '../../src/lookup/body.ts';
import { usualBreaker } from '../../src/lookup/breaker.ts';
import { door, type DoorSettings, type Stop } from '../../src/lookup/door.ts';
import { type EngineParts, lookupEngine } from '../../src/lookup/engine.ts';
import type { Facts } from '../../src/lookup/facts.ts';
import type { Outcome } from '../../src/lookup/outcome.ts';
import { lookupTally } from '../../src/lookup/tally.ts';
import type { Answer, Lookup, Question } from '../../src/mapping/lookup/lookup.ts';

export type RecordAsked = Extract<Question, { kind: 'record' }>;

/** A question for the customer behind a CRM account; `over` changes what a test is about. */
export function aQuestion(over: Partial<RecordAsked> = {}): RecordAsked {
  return {
    kind: 'record',
    name: 'customer',
    connection: 'erp',
    side: 'sink',
    entity: 'res.partner',
    fields: ['name', 'credit_limit'],
    optional: [],
    with: [],
    find: { by: 'link', flow: 'accounts' },
    mayBeMissing: false,
    ...over,
  };
}

/** A list of invoices of that customer. */
export function aList(over: Partial<Extract<Question, { kind: 'list' }>> = {}): Question {
  return {
    kind: 'list',
    name: 'invoices',
    connection: 'erp',
    side: 'sink',
    entity: 'account.move',
    fields: ['name'],
    optional: [],
    with: [],
    where: [{ field: 'partner_id', isRecord: 'customer' }],
    order: null,
    atMost: 2,
    mayBeAbsent: false,
    ...over,
  };
}

const recordOf = (answer: Answer | undefined): SourceRecord =>
  (answer?.kind === 'record' ? answer.record : null) ?? {};

/** A lookup of a customer's name and credit limit. */
export function aLookup(over: Partial<Lookup> = {}): Lookup {
  return {
    name: 'customer-credit',
    about: '',
    file: 'lookups/customer-credit.yaml',
    text: '',
    hash: 'hash',
    questions: [aQuestion()],
    ask: 'all',
    deadlineMs: 2000,
    ttlMs: 30_000,
    refreshAheadMs: 0,
    staleForMs: 60_000,
    fallback: [],
    flows: ['accounts'],
    reads: [
      { into: 'name', question: 'customer', field: 'name' },
      { into: 'limit', question: 'customer', field: 'credit_limit' },
    ],
    run: (answers) => {
      const customer = recordOf(answers['customer']);
      return {
        kind: 'reply',
        reply: { name: customer['name'] ?? null, limit: customer['credit_limit'] ?? '0' },
        cut: Object.entries(answers).flatMap(([name, answer]) =>
          answer.kind === 'list' && answer.more ? [name] : [],
        ),
      };
    },
    ...over,
  };
}

/** An ERP in memory that a test holds up, breaks and counts. */
export type Erp = LookupConnection & {
  readonly records: Map<string, SourceRecord>;
  calls: number;
  /** Runs before each answer. */
  before: (signal: AbortSignal) => void | Promise<void>;
};

export function anErp(name = 'erp'): Erp {
  const erp: Erp = {
    name,
    records: new Map([['7', { name: 'Ernst Handel', credit_limit: '5000.00' }]]),
    calls: 0,
    before: () => {},
    source: null,
    sink: {
      readByIds: async ({ ids }, signal) => {
        erp.calls += 1;
        await erp.before(signal);
        return ids.map((id): Found => {
          const record = erp.records.get(id);
          return record === undefined
            ? { id, status: 'missing' }
            : { id, status: 'found', modifiedAt: '', record };
        });
      },
      readWhere: async ({ where, limit }, signal) => {
        erp.calls += 1;
        await erp.before(signal);
        const found = [...erp.records].filter(([, record]) =>
          where.every(({ field, values }) => values.some((value) => value === record[field])),
        );
        return {
          records: found.slice(0, limit).map(([id, record]) => ({ id, record })),
          more: found.length > limit,
        };
      },
    },
  };
  return erp;
}

/** What the database says, as a test sets it. CRM account 42 is linked with ERP record 7. */
export type Ledger = Facts & { links: Map<string, string>; stopped: Stop | null };

export function aLedger(over: Partial<Facts> = {}): Ledger {
  const ledger: Ledger = {
    links: new Map([['42', '7']]),
    stopped: null,
    linked: async () => (reference) => ledger.links.get(reference.id) ?? null,
    delivered: async () => null,
    standing: async () => null,
    ...over,
  };
  return ledger;
}

/** An engine over systems in memory. The clock is the test's: `at` milliseconds since 1970. */
export function anEngine(
  erps: readonly LookupConnection[],
  ledger: Ledger = aLedger(),
  over: { readonly parts?: Partial<EngineParts>; readonly door?: Partial<DoorSettings> } = {},
) {
  const clock = { at: Date.parse('2026-11-21T12:00:00Z') };
  const reachable = new Map(
    erps.map((connection) => [
      connection.name,
      {
        connection,
        verify: async () => {},
        door: door({
          connection: connection.name,
          concurrency: 2,
          queue: 10,
          breaker: usualBreaker,
          stopped: () => ledger.stopped,
          now: () => clock.at,
          ...over.door,
        }),
      },
    ]),
  );
  const tally = lookupTally();
  const engine = lookupEngine({
    lookups: () => [aLookup()],
    reach: (name) => {
      const found = reachable.get(name);
      if (found === undefined) throw new Error(`no connection is named ${name}`);
      return found;
    },
    facts: ledger,
    written: () => ({ connection: 'erp', entity: 'res.partner' }),
    answers: keptAnswers(usualRoom),
    tally,
    now: () => clock.at,
    ...over.parts,
  });
  return { engine, clock, tally, doors: reachable };
}

export const never = new AbortController().signal;
export const asking = { deadlineMs: null, signal: () => never };

/** The body that a caller gets; a refusal is an error. */
export const body = (outcome: Outcome): Record<string, unknown> => {
  if (outcome.kind !== 'reply') throw new Error(`no reply but ${JSON.stringify(outcome)}`);
  return JSON.parse(bodyWithAge(outcome)) as Record<string, unknown>;
};
