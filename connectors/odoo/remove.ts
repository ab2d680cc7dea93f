import type { Outcome, Removal } from '../../src/connector/contract.ts';
import { asFault, Fault } from '../../src/connector/fault.ts';
import { existing } from './existing.ts';
import type { Session } from './session.ts';
import type { Call } from './transport.ts';

type Item = { readonly id: string; readonly targetId: string; readonly how: Removal };

/**
 * Archives, cancels or deletes records. One call for all that are to go the same way; when Odoo refuses it, one for
 * each, so that a single confirmed order stops no other. A record that is gone already counts as removed.
 */
export async function remove(
  session: Session,
  model: string,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const present = await existing(
    session.call,
    model,
    items.map((item) => item.targetId),
    signal,
  );
  const outcomes = new Map<string, Outcome>();
  for (const item of items) if (!present.has(item.targetId)) outcomes.set(item.id, removed(item));
  const due = Map.groupBy(
    items.filter((item) => present.has(item.targetId)),
    (item) => item.how,
  );
  for (const [how, own] of due) await removeAll(session, model, how, own, outcomes, signal);
  return items.map((item) => outcomes.get(item.id) ?? { id: item.id, status: 'not_applied' });
}

const removed = (item: Item): Outcome => ({ id: item.id, status: 'removed', targetId: item.targetId });

async function removeAll(
  session: Session,
  model: string,
  how: Removal,
  items: readonly Item[],
  outcomes: Map<string, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await removeOnce(
      session,
      model,
      how,
      items.map((item) => Number(item.targetId)),
      signal,
    );
    for (const item of items) outcomes.set(item.id, removed(item));
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    if (items.length > 1 && (fault.kind === 'invalid_record' || fault.kind === 'not_found')) {
      for (const item of items) await removeAll(session, model, how, [item], outcomes, signal);
      return;
    }
    if (outcomes.size === 0 && fault.kind !== 'invalid_record' && fault.kind !== 'not_found') throw fault;
    for (const item of items) outcomes.set(item.id, { id: item.id, status: 'failed', fault });
  }
}

async function removeOnce(
  session: Session,
  model: string,
  how: Removal,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  if (how === 'deactivate') await mustHaveActive(session, model, signal);
  const answer = await session
    .call({ model, ids, writes: true, ...calls[how] }, signal)
    .catch((error: unknown) => blameTheModel(error, how, model));
  // A dialogue for a person comes back as a record of its own, and nothing has happened yet.
  if (how !== 'cancel' || typeof answer !== 'object' || answer === null) return;
  throw new Fault({
    kind: 'invalid_record',
    code: 'odoo_asks_back',
    message: `Odoo opens a dialogue before it cancels this record of ${model}; cancel it by hand.`,
  });
}

const calls: { readonly [how in Removal]: Pick<Call, 'method' | 'context'> } = {
  delete: { method: 'unlink' },
  deactivate: { method: 'action_archive' },
  // Without this, Odoo answers with the mail dialogue of a quotation that was sent, and cancels nothing.
  cancel: { method: 'action_cancel', context: { disable_cancel_warning: true } },
};

/** The model was there a moment ago, so that what Odoo does not know is the method: only documents can be cancelled. */
function blameTheModel(error: unknown, how: Removal, model: string): never {
  const unknown =
    error instanceof Fault && (error.code === 'odoo_unknown_method' || error.code === 'odoo_unknown_model');
  if (how !== 'cancel' || !unknown) throw error;
  throw new Fault({
    kind: 'invalid_record',
    code: 'odoo_cannot_cancel',
    message: `Records of ${model} cannot be cancelled in Odoo: deactivate or delete them instead.`,
  });
}

/** The field that archives a record; on a model made in Odoo's own screens it is called `x_active`. */
const activeFields = ['active', 'x_active'];

async function mustHaveActive(session: Session, model: string, signal: AbortSignal): Promise<void> {
  const fields = await session.models.fields(model, signal);
  if (activeFields.some((name) => fields.has(name))) return;
  throw new Fault({
    kind: 'invalid_record',
    code: 'odoo_cannot_deactivate',
    message: `Records of ${model} cannot be archived in Odoo: cancel or delete them instead.`,
  });
}
