import type { EntityDescription, FieldDescription, FieldType } from '../../connector/contract.ts';
import { type Target, targets } from './against-sink.ts';
import { constantInWords, constantsOf, type ValueMaps } from './constants.ts';
import type { Declaration } from '../declaration.ts';
import { declaredPaths, type DeclaredRule, type DeclaredSource, declaredSources } from './declared-rules.ts';
import { describedAt } from './described-field.ts';
import { compileExpression } from '../expression/expression.ts';
import type { Report } from '../report.ts';
import { fieldNamed } from './source-reads.ts';
import { canBecome, fits, inForm, type Kind, kindInWords, notOf, textFits } from './type-fit.ts';
import type { YamlPath } from '../yaml.ts';

/**
 * Reports what the ERP would refuse, or misread, because it is of another kind than the field. What a template gives,
 * and most expressions, is known for each record alone, and is not checked.
 */
export function checkTypes(
  declared: Declaration,
  { source, sink }: { readonly source: EntityDescription | null; readonly sink: EntityDescription },
  valueMaps: ValueMaps,
  report: Report,
): void {
  for (const target of targets(declared, sink)) {
    const { located, field, entity } = target;
    if (field === undefined || field.readOnly) continue;
    const holds = `\`${located.field}\` of ${entity} holds ${kindInWords(field.type)}`;
    for (const given of givenBy(located, source)) {
      if (!accepted(given, field, located))
        report(
          'mapping_type_mismatch',
          `${given.subject} ${kindInWords(given.kind)}, and ${holds}${advice(given, field.type)}`,
          given.at,
        );
    }
    if (located.rule.as === undefined) checkConstants(target, field.type, valueMaps, report);
  }
}

/** What a rule gives to its field, as far as that is known without a record. */
type Given = {
  readonly kind: Kind;
  /** Begins the sentence: "`price` is". */
  readonly subject: string;
  readonly at: YamlPath;
  /** The field of the source that it is taken from, where it is taken as it comes. */
  readonly from: FieldDescription | null;
};

function givenBy(located: DeclaredRule, source: EntityDescription | null): Given[] {
  const { rule, at } = located;
  if (rule.as !== undefined && rule.as !== 'text')
    return [{ kind: rule.as, subject: `\`as: ${rule.as}\` gives`, at: [...at, 'as'], from: null }];
  if (rule.map !== undefined) return [];
  if (rule.reference !== undefined)
    return [{ kind: 'reference', subject: '`reference` gives', at: [...at, 'reference'], from: null }];
  return declaredSources(located).flatMap((each) => [
    ...(source === null ? [] : fieldsGiven(each, located, source)),
    ...expressionGiven(each, located),
  ]);
}

function fieldsGiven(each: DeclaredSource, { lines }: DeclaredRule, source: EntityDescription): Given[] {
  return declaredPaths(each).flatMap(({ text, at }) => {
    const named = fieldNamed(text, lines?.list ?? null);
    const from = named && describedAt(source, named);
    return from ? { kind: from.type, subject: `\`${text}\` is`, at, from } : [];
  });
}

/** A text may stand for anything, so one that is composed is not held against the field. */
function expressionGiven({ source, at }: DeclaredSource, { lines }: DeclaredRule): Given[] {
  if (source.expr === undefined) return [];
  const expression = compileExpression(source.expr, lines === null ? 'record' : 'line');
  if ('mistakes' in expression || expression.gives === null || expression.gives === 'text') return [];
  return [{ kind: expression.gives, subject: 'the expression gives', at: [...at, 'expr'], from: null }];
}

function accepted({ kind, from }: Given, { type }: FieldDescription, { rule }: DeclaredRule): boolean {
  if (kind === 'record' || kind === 'lines') return true; // told of the path already
  if (kind === 'enum') return !from?.options?.length || from.options.some((option) => textFits(option, type));
  // Whoever writes `as: date` means the day, which begins at midnight in UTC there.
  if (rule.as === 'date' && type === 'datetime') return true;
  // 12.00 is no whole number for an ERP.
  if (rule.as === 'decimal' && type === 'integer') return (rule.scale ?? 0) === 0;
  return fits(kind, type);
}

function advice({ kind, from, at }: Given, field: FieldType): string {
  if (kind === 'date' && field === 'datetime')
    return '; write `as: datetime` with the `timezone` in which the day begins';
  if (kind === 'datetime' && field === 'date')
    return '; write `as: date` with the `timezone` in which the day is read off';
  if (kind === 'reference') return '';
  if (field === 'reference') return '; write `reference` with the flow that carries these records';
  const source = at.at(-1) === 'expr' ? kind : from?.type;
  if (field === 'enum' || (source !== undefined && !canBecome(source, field)))
    return '; translate the value with a `map`';
  return `; write \`as: ${field}\``;
}

function checkConstants(
  { located, entity }: Target,
  type: FieldType,
  valueMaps: ValueMaps,
  report: Report,
): void {
  for (const constant of constantsOf(located, valueMaps)) {
    if (textFits(constant.text, type)) continue;
    report(
      'mapping_type_mismatch',
      `${constantInWords(constant, located.field)} ${notOf(type)}, and \`${located.field}\` of ${entity} holds nothing else; write ${inForm(type)}`,
      constant.at,
    );
  }
}
