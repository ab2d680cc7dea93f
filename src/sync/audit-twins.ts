import { finding } from './audit-findings.ts';
import type { Auditing } from './auditing.ts';
import type { Output } from './plan-live.ts';

/**
 * Looks for several ERP records in use that hold the business key of a delivered record, whoever made them; each key is
 * told once.
 */
export function twinsOf(auditing: Auditing): (outputs: readonly Output[]) => Promise<void> {
  const { mapping, live, description, tally, ask, signal } = auditing;
  const field = mapping.write.key;
  if (field === null) return async () => {};
  const find = live.sink.findByField?.bind(live.sink);
  const type = description.fields[field]?.type ?? 'text';
  if (find === undefined || type !== 'text') {
    const why =
      find === undefined ? `${live.connection.title} cannot find records by a field` : `it is a ${type}`;
    tally.leaveOut(`Whether several ERP records hold one ${field} was not checked: ${why}.`);
    return async () => {};
  }
  const told = new Set<string>();
  return async (outputs) => {
    const own = new Map(
      outputs.flatMap((output) => {
        const value = output.output.fields[field];
        return typeof value === 'string' && value !== '' ? [[value, output] as const] : [];
      }),
    );
    if (own.size === 0) return;
    const request = { entity: mapping.write.entity, field, values: [...own.keys()] };
    const holders = Map.groupBy(await ask(() => find(request, signal)), ({ value }) => value);
    for (const [value, output] of own) {
      const all = new Set(holders.get(value)?.map(({ targetId }) => targetId));
      if (all.size < 2 || told.has(value)) continue;
      told.add(value);
      const reason = `the ERP records ${[...all].join(', ')} hold the same ${field}; keep one, and merge or archive the others in the ERP`;
      const changes = [{ field, group: field, old: value, new: value }];
      tally.find(finding({ kind: 'duplicated', id: output.id, targetId: output.targetId, reason, changes }));
    }
  };
}
