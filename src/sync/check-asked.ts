import { didYouMean } from '../errors/suggestion.ts';
import { compileRecordCondition } from '../mapping/record-condition.ts';
import type { WantedRecords } from '../store/resync-request.ts';
import { unknownFields } from './known-fields.ts';
import type { MappingFolder } from './mapping-folder.ts';

/** A resync as a caller words it. */
export type Wish = {
  readonly flow: string;
  readonly ids?: readonly string[] | undefined;
  readonly where?: string | undefined;
  readonly since?: string | undefined;
  readonly changed?: true | undefined;
  readonly all?: true | undefined;
};

/** What is in the way of a wish. Repeats no value that was sent, beside names in an expression. */
export type InTheWay = { readonly field: string; readonly message: string };

const ways = ['ids', 'where', 'since', 'changed', 'all'] as const;

/** What a wish means, or everything that is in its way. */
export function readWish(
  wish: Wish,
  folder: Pick<MappingFolder, 'current' | 'stale' | 'described'>,
): { readonly choice: WantedRecords | null; readonly inTheWay: readonly InTheWay[] } {
  const inTheWay: InTheWay[] = [];
  const flows = folder.current();
  const mapping = flows.find(({ flow }) => flow === wish.flow);
  if (mapping === undefined) {
    const names = flows.map(({ flow }) => flow);
    const hint = didYouMean(wish.flow, names);
    inTheWay.push({ field: 'flow', message: `no flow has this name${hint === '' ? '' : hint}` });
  }
  const given = ways.filter((way) => wish[way] !== undefined);
  if (given.length !== 1)
    inTheWay.push({
      field: given[1] ?? '',
      message: 'exactly one of `ids`, `where`, `since`, `changed` and `all` is wanted',
    });
  const condition = wish.where === undefined ? null : compileRecordCondition(wish.where);
  if (condition !== null && !('holds' in condition))
    inTheWay.push(
      ...condition.mistakes.map((mistake) => ({ field: 'where', message: `the expression ${mistake}` })),
    );
  if (condition !== null && 'holds' in condition && mapping !== undefined)
    inTheWay.push(
      ...unknownFields(folder.described(), mapping, condition.fields).map((message) => ({
        field: 'where',
        message,
      })),
    );
  if (wish.changed === true && mapping !== undefined && folder.stale().includes(mapping.file))
    inTheWay.push({
      field: 'changed',
      message: `${mapping.file} has a problem, and an older version of it is in use: mend the file first`,
    });
  return { choice: choiceOf(wish), inTheWay };
}

function choiceOf({ ids, where, since, changed, all }: Wish): WantedRecords | null {
  if (ids !== undefined) return { by: 'ids', ids: [...new Set(ids)].sort() };
  if (where !== undefined) return { by: 'where', where };
  if (since !== undefined) return { by: 'since', since: new Date(since).toISOString() };
  if (changed !== undefined) return { by: 'changed' };
  return all === undefined ? null : { by: 'all' };
}
