import type { EntityDescription, FieldDescription } from '../../connector/contract.ts';
import { type Constant, constantInWords, constantsOf, lengthOf, type ValueMaps } from './constants.ts';
import { convert } from '../convert/convert.ts';
import type { Declaration } from '../declaration.ts';
import { type DeclaredRule, declaredRules } from './declared-rules.ts';
import { type Fields, noField, offered, own } from './described-field.ts';
import type { Report } from '../report.ts';
import { conversionOf } from './rule-check.ts';

/** Reports the ERP fields that are not there or cannot be written, and the fixed values that they do not take. */
export function checkSink(
  declared: Declaration,
  sink: EntityDescription,
  valueMaps: ValueMaps,
  report: Report,
): void {
  for (const name of Object.keys(declared.lines ?? {})) checkLinesField(name, sink, report);
  for (const target of targets(declared, sink)) {
    const mistake = notWritable(target);
    if (mistake === null) checkFixed(target, valueMaps, report);
    else report(...mistake, target.located.at, 'key');
  }
  for (const [index, { from }] of (declared.write_back ?? []).entries()) {
    if (from !== 'id' && own(sink.fields, from) === undefined)
      report('mapping_unknown_target_field', noField(sink.entity, from, sink.fields), [
        'write_back',
        index,
        'from',
      ]);
  }
}

/** A rule, and the field that it fills as the ERP describes it. */
export type Target = {
  readonly located: DeclaredRule;
  readonly field: FieldDescription | undefined;
  /** The fields among which it stands. */
  readonly fields: Fields;
  /** The entity of the field, or the field whose lines it belongs to. */
  readonly entity: string;
};

/** Every rule that fills a record, or lines, whose fields are described. */
export function targets(declared: Declaration, sink: EntityDescription): Target[] {
  return declaredRules(declared).flatMap((located) => {
    const { lines } = located;
    const fields = lines === null ? sink.fields : own(sink.fields, lines.field)?.fields;
    const entity = lines === null ? sink.entity : lines.field;
    return fields === undefined ? [] : { located, field: own(fields, located.field), fields, entity };
  });
}

function checkLinesField(name: string, sink: EntityDescription, report: Report): void {
  const field = own(sink.fields, name);
  const at = ['lines', name];
  if (field === undefined)
    report('mapping_unknown_target_field', noField(sink.entity, name, sink.fields), at, 'key');
  else if (field.type !== 'lines')
    report('mapping_conflict', `\`${name}\` of ${sink.entity} holds no lines`, at, 'key');
}

function notWritable({ located, field, fields, entity }: Target): [Parameters<Report>[0], string] | null {
  const name = `\`${located.field}\` of ${entity}`;
  if (field === undefined) return ['mapping_unknown_target_field', noField(entity, located.field, fields)];
  if (field.type === 'lines')
    return ['mapping_conflict', `${name} holds lines, which are mapped under \`lines\``];
  return field.readOnly ? ['mapping_read_only_field', `${name} cannot be written`] : null;
}

/** What stands in the file and goes to the field: each fixed value, and the length that the rule allows. */
function checkFixed(target: Target, valueMaps: ValueMaps, report: Report): void {
  const { located, field, entity } = target;
  const { rule, at } = located;
  const conversion = conversionOf(rule);
  for (const constant of constantsOf(located, valueMaps)) {
    const written = conversion === null ? constant.text : convert(constant.text, conversion);
    if (typeof written !== 'string') continue;
    if (field?.type === 'enum' && field.options && !field.options.includes(written))
      report('mapping_value_not_offered', notOffered(constant, target, field.options), constant.at);
    else checkLength(constant, written, target, report);
  }
  if (field?.maxLength !== undefined && rule.max !== undefined && rule.max > field.maxLength)
    report(
      'mapping_too_long',
      `\`max\` is ${rule.max}, and \`${located.field}\` of ${entity} holds ${field.maxLength} characters`,
      [...at, 'max'],
    );
}

function notOffered(
  { text, row }: Constant,
  { located, entity }: Target,
  options: readonly string[],
): string {
  const origin = row === null || row.file === null ? '' : `for \`${row.from}\` in ${row.file}: `;
  return `${origin}\`${located.field}\` of ${entity} does not offer \`${text}\`${offered(text, options)}`;
}

function checkLength(constant: Constant, written: string, target: Target, report: Report): void {
  const { located, field, entity } = target;
  const { max, too_long: tooLong } = located.rule;
  const length = Math.min(lengthOf(written), tooLong === 'cut' ? (max ?? Infinity) : Infinity);
  if (field?.maxLength === undefined || length <= field.maxLength) return;
  report(
    'mapping_too_long',
    `${constantInWords(constant, located.field)} has ${length} characters, and \`${located.field}\` of ${entity} holds ${field.maxLength}; shorten it`,
    constant.at,
  );
}
