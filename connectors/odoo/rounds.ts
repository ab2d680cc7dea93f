import type { Dictionary } from './encode.ts';
import { externalIdName } from './external-id.ts';
import { type Import, importsOf, type Naming, type Shareable } from './import-rows.ts';
import { type Encoded, partsOf } from './parts.ts';
import type { Session } from './session.ts';

/**
 * The imports that write a batch, one round after the other: creates by external id, updates by database id. All but
 * the first round hold further parts of records of the first.
 */
export async function planRounds(
  session: Session,
  dictionary: Dictionary,
  records: readonly Encoded[],
  signal: AbortSignal,
): Promise<Import[][]> {
  const module = session.settings.externalIdModule;
  const [updated = [], created = []] = [false, true].map((wanted) =>
    records.filter(({ item }) => (item.targetId === null) === wanted),
  );
  const naming: Naming = {
    column: 'id',
    nameOf: ({ item }) => `${module}.${externalIdName(item.externalKey)}`,
  };
  const blank = await blankColumns(session, dictionary, created, signal);
  const creates = roundsOf(created, naming, module, blank);
  const updates = roundsOf(updated, byDatabaseId, module, nothing);
  const length = Math.max(creates.length, updates.length);
  return Array.from({ length }, (_, round) => [...(creates[round] ?? []), ...(updates[round] ?? [])]);
}

function roundsOf(
  records: readonly Encoded[],
  naming: Naming,
  module: string,
  shareable: Shareable,
): Import[][] {
  const parts = records.map((record) => partsOf(record, shareable));
  const length = Math.max(0, ...parts.map((list) => list.length));
  return Array.from({ length }, (_, round) =>
    importsOf(
      parts.flatMap((list) => list[round] ?? []),
      naming,
      module,
      shareable,
    ),
  );
}

/** Updates of records again, this time with the archived ones in sight. */
export const updatesOf = (parts: readonly Encoded[], module: string): Import[] =>
  importsOf(parts, byDatabaseId, module, nothing);

const byDatabaseId: Naming = { column: '.id', nameOf: ({ item }) => item.targetId ?? '' };
const nothing: Shareable = () => false;

/** Where all new records have the same fields, nothing needs to be filled up and Odoo is not asked. */
async function blankColumns(
  session: Session,
  dictionary: Dictionary,
  creates: readonly Encoded[],
  signal: AbortSignal,
): Promise<Shareable> {
  const lines = creates.flatMap((record) => [...record.lines.values()].flat());
  const kinds = [creates, lines].map(
    (all) => new Set(all.map(({ cells }) => [...cells.keys()].sort().join('\n'))).size,
  );
  if (kinds.every((number) => number <= 1)) return nothing;
  const blank = new Map<string | null, ReadonlySet<string>>([
    [null, await session.models.blankable(dictionary.model, signal)],
  ]);
  for (const field of dictionary.lineFields.keys()) {
    const relation = dictionary.fields.get(field)?.relation;
    if (relation !== undefined) blank.set(field, await session.models.blankable(relation, signal));
  }
  // Two ways to name a record cannot share an import, so an external id (`/id`) always tells records apart.
  return (line, column) =>
    !column.endsWith('/id') && (blank.get(line)?.has(column.split('/')[0] ?? column) ?? false);
}
