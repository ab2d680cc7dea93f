import type { SourceRecord, Value } from '../../connector/value.ts';
import type { LineRules } from '../lines.ts';
import { type RecordPath, valueAt } from '../record-path.ts';
import { isGroup, isRefusal, shown } from '../refusal.ts';
import { compileRule, type RuleSurroundings } from '../rule.ts';
import { pathAt } from '../source.ts';
import { rowsOfGroup } from './as-flow.ts';
import type { ReplyLinesDeclaration } from './lookup-declaration.ts';

/**
 * Compiles a list of a reply to the line rules of a mapping. Its lines have no keys of their own and are named by their
 * number, from 0. Null when its paths are not sound; then everything wrong has been reported.
 */
export function compileReplyLines(
  name: string,
  declared: ReplyLinesDeclaration,
  around: Omit<RuleSurroundings, 'standpoint'>,
): LineRules | null {
  const path = ['lines', name];
  const { report } = around;
  const list =
    declared.for_each === '' ? null : pathAt(declared.for_each, 'record', [...path, 'for_each'], report);
  const by =
    declared.group_by === undefined
      ? undefined
      : pathAt(declared.group_by, 'line', [...path, 'group_by'], report);
  const rules = Object.entries(declared.fields).map(([field, rule]) =>
    compileRule(field, rule, [...path, 'fields', field], { ...around, standpoint: 'line' }),
  );
  if (rules.length === 0) report('mapping_missing_key', '`fields` has no rules', [...path, 'fields'], 'key');
  if (list === null || by === null) return null;
  return {
    field: name,
    removed: 'keep',
    rules: rules.filter((rule) => rule !== null),
    linesOf: (record) => {
      const found = valueAt(list, { record, line: null });
      if (found === null || found === undefined) return { lines: null, problems: [] };
      if (isRefusal(found) || !isList(found)) {
        const what = isRefusal(found) ? found.message : `is ${shown(found)}, and not a list of records`;
        const message = `\`${declared.for_each}\` ${what}`;
        return { lines: null, problems: [{ code: 'lines_unusable', field: name, message }] };
      }
      const rows = by === undefined ? found : grouped(found, by);
      return { lines: rows.map((fields, index) => ({ key: String(index), fields })), problems: [] };
    },
  };
}

const isList = (value: Value): value is readonly SourceRecord[] =>
  Array.isArray(value) && value.every((item: Value) => isGroup(item));

/** One line of all records that have the same at a path: the fields of the first of them, and all as `rows`. */
function grouped(records: readonly SourceRecord[], by: RecordPath): SourceRecord[] {
  const groups = Map.groupBy(records, (line) => {
    const value = valueAt(by, { record: {}, line });
    return JSON.stringify(isRefusal(value) ? null : (value ?? null));
  });
  return [...groups.values()].map((rows) => ({ ...rows[0], [rowsOfGroup]: rows }));
}
