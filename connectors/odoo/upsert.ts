import type { Outcome, SinkItem } from '../../src/connector/contract.ts';
import { asFault, Fault } from '../../src/connector/fault.ts';
import { dictionaryFor, encode, type Dictionary } from './encode.ts';
import { databaseId, existing } from './existing.ts';
import type { Import } from './import-rows.ts';
import { load } from './load.ts';
import type { Encoded } from './parts.ts';
import { deleteRemovedLines } from './removed-lines.ts';
import { planRounds, updatesOf } from './rounds.ts';
import type { Session } from './session.ts';

/** What is known of the items of a batch while it is being written. */
type Ledger = {
  /** Target ids of what Odoo has committed. */
  readonly written: Map<string, string>;
  readonly outcomes: Map<string, Outcome>;
};

/**
 * Writes a batch with Odoo's import: one call for the creates and one for the updates, or one for each set of fields
 * where the records differ in what they leave alone. Creates are named by external id, so that sending one twice
 * makes one record; updates by database id, so that a record that is gone is never created again.
 */
export async function upsertBatch(
  session: Session,
  model: string,
  items: readonly SinkItem[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const ledger: Ledger = { written: new Map(), outcomes: new Map() };
  const dictionary = await dictionaryFor(session, model, items, signal);
  const records = encodeAll(dictionary, items, ledger);
  const rounds = await planRounds(session, dictionary, records, signal);
  const first = rounds.shift() ?? [];
  if (await sendFirst(session, model, first, ledger, signal)) {
    for (const round of rounds) await sendFurther(session, model, round, ledger, signal);
    await deleteRemovedLines(
      session,
      dictionary,
      items.filter((item) => settledWell(ledger, item) && item.targetId !== null),
      ledger.outcomes,
      signal,
    );
  }
  return items.map((item) => outcomeOf(item, ledger));
}

const settledWell = (ledger: Ledger, item: SinkItem): boolean =>
  ledger.written.has(item.id) && !ledger.outcomes.has(item.id);

function outcomeOf(item: SinkItem, { written, outcomes }: Ledger): Outcome {
  const outcome = outcomes.get(item.id);
  if (outcome !== undefined) return outcome;
  const targetId = written.get(item.id);
  if (targetId === undefined) return { id: item.id, status: 'not_applied' };
  return { id: item.id, status: item.targetId === null ? 'created' : 'updated', targetId };
}

function encodeAll(dictionary: Dictionary, items: readonly SinkItem[], ledger: Ledger): Encoded[] {
  return items.flatMap((item) => {
    const encoded =
      item.targetId === null || databaseId(item.targetId) !== null
        ? encode(dictionary, item)
        : notAnId(item.targetId);
    if (!(encoded instanceof Fault)) return [encoded];
    ledger.outcomes.set(item.id, { id: item.id, status: 'failed', fault: encoded });
    return [];
  });
}

const notAnId = (targetId: string): Fault =>
  new Fault({
    kind: 'not_found',
    code: 'odoo_record_gone',
    message: `Odoo has no record ${targetId}: it is not a database id.`,
  });

/** An import on its way, with what it needs in the context beside the connection's own. */
type Sending = { readonly batch: Import; readonly context: { readonly [name: string]: unknown } };

/**
 * Sends the first round. Throws when nothing was written and the failure is everybody's; false says that an import
 * failed as a whole, so that what comes after it was not sent.
 */
async function sendFirst(
  session: Session,
  model: string,
  imports: readonly Import[],
  ledger: Ledger,
  signal: AbortSignal,
): Promise<boolean> {
  const queue = imports.map((batch): Sending => ({ batch, context: {} }));
  for (let sending = queue.shift(); sending !== undefined; sending = queue.shift()) {
    try {
      queue.unshift(...(await sendImport(session, model, sending, ledger, signal)));
    } catch (error) {
      signal.throwIfAborted();
      const fault = asFault(error);
      const others = ledger.outcomes.size + queue.length + ledger.written.size > 0;
      if (ledger.written.size === 0 && (fault.kind !== 'ambiguous' || !others)) throw fault;
      // What was not sent counts as not applied: it is sent again, and then meets the failure alone.
      if (fault.kind === 'ambiguous') fail(sending.batch.parts, fault, ledger);
      return false;
    }
  }
  return true;
}

/** Sends one import; gives back what is to be sent in its place. */
async function sendImport(
  session: Session,
  model: string,
  { batch, context }: Sending,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<Sending[]> {
  const result = await load(session.call, model, batch, context, signal);
  if (result.status === 'loaded') {
    note(batch.parts, result.ids, ledger);
    return [];
  }
  const archived =
    'active_test' in context ? [] : await archivedTargets(session, model, batch, result.faults, signal);
  for (const [index, fault] of result.faults) {
    const part = batch.parts[index];
    if (part !== undefined && !archived.includes(part)) fail([part], fault, ledger);
  }
  // Only archived records are written with archived records in sight: elsewhere Odoo might pick archived taxes.
  const again = updatesOf(archived, session.settings.externalIdModule);
  return again.map((batch) => ({ batch, context: { active_test: false } }));
}

function note(parts: readonly Encoded[], ids: readonly number[], ledger: Ledger): void {
  parts.forEach(({ item }, index) => ledger.written.set(item.id, item.targetId ?? String(ids[index])));
}

function fail(parts: readonly Encoded[], fault: Fault, ledger: Ledger): void {
  for (const { item } of parts) ledger.outcomes.set(item.id, { id: item.id, status: 'failed', fault });
}

/** To import, an archived record does not exist. Those that do are told from those that are gone. */
async function archivedTargets(
  session: Session,
  model: string,
  batch: Import,
  faults: ReadonlyMap<number, Fault>,
  signal: AbortSignal,
): Promise<Encoded[]> {
  const missing = [...faults].flatMap(([index, fault]) =>
    fault.kind === 'not_found' ? (batch.parts[index] ?? []) : [],
  );
  const targets = missing.map(({ item }) => item.targetId ?? '');
  const found = await existing(session.call, model, targets, signal);
  return missing.filter(({ item }) => found.has(item.targetId ?? ''));
}

/** Further parts belong to records that are written already, so each one is answered for itself. */
async function sendFurther(
  session: Session,
  model: string,
  imports: readonly Import[],
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  for (const batch of imports) {
    const due = batch.parts.filter(({ item }) => settledWell(ledger, item));
    const whole = due.length === batch.parts.length ? [batch] : due.map((part) => alone(batch, part));
    for (const attempt of whole) {
      if (await sendPart(session, model, attempt, ledger, signal)) continue;
      for (const part of attempt.parts) await sendPart(session, model, alone(attempt, part), ledger, signal);
    }
  }
}

/** False when several parts were refused together and none was written, so that each is to be sent alone. */
async function sendPart(
  session: Session,
  model: string,
  batch: Import,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const result = await load(session.call, model, batch, {}, signal);
    if (result.status === 'loaded') return true;
    if (batch.parts.length > 1) return false;
    const fault = result.faults.get(0);
    if (fault !== undefined) fail(batch.parts, fault, ledger);
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    if (batch.parts.length > 1 && fault.kind === 'invalid_record') return false;
    fail(batch.parts, fault, ledger);
  }
  return true;
}

function alone(batch: Import, part: Encoded): Import {
  const index = batch.parts.indexOf(part);
  const rows = batch.rows.slice(batch.starts[index], batch.starts[index + 1]);
  return { parts: [part], header: batch.header, rows, starts: [0] };
}
