import type { EntityDescription, FieldDescription } from '../connector/contract.ts';
import { type ErrorCode, problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import type { Declaration, RuleDeclaration, SourceDeclaration } from './declaration.ts';
import { declare } from './declare.ts';
import type { Mapping } from './mapping.ts';
import type { Report } from './report.ts';
import { type SourceRead, sourceReads } from './source-reads.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { readYaml, textOf, type YamlPath } from './yaml.ts';

type Fields = { readonly [name: string]: FieldDescription };

/**
 * Checks a sound mapping against what the vendors say of their entities: unknown fields on both sides, fields that
 * cannot be written, related records that are not read, and fixed values that an ERP field does not offer. A side
 * that is null is not checked.
 */
export function checkAgainst(
  mapping: Mapping,
  described: { readonly source: EntityDescription | null; readonly sink: EntityDescription | null },
): Problem[] {
  const yaml = readYaml({ path: mapping.file, text: mapping.text }, textOf);
  const { declared } = declare(yaml);
  const problems: Problem[] = [];
  if (declared === null) return problems;
  const report: Report = (code, message, path, on = 'value', within = 0) => {
    problems.push(problem(code, message, yaml.place(path, on, within)));
  };
  if (described.source !== null) checkSource(declared, described.source, report);
  if (described.sink !== null) checkSink(declared, described.sink, report);
  return problems;
}

function checkSource(declared: Declaration, source: EntityDescription, report: Report): void {
  for (const read of sourceReads(declared)) {
    const start = read.lines === null ? source.fields : fieldsAt(source.fields, read.lines);
    const mistake =
      start &&
      (notRead(read, declared, source) ?? mistakeIn(read, start, read.lines?.join('.') ?? source.entity));
    if (mistake) report(mistake.code, mistake.message, read.at, 'value', read.within);
  }
  for (const [index, { field }] of (declared.write_back ?? []).entries()) {
    const description = own(source.fields, field);
    const at = ['write_back', index, 'field'];
    if (description === undefined)
      report('mapping_unknown_source_field', noField(source.entity, field, source.fields), at);
    else if (description.readOnly)
      report('mapping_read_only_field', `\`${field}\` of ${source.entity} cannot be written`, at);
  }
}

type Mistake = { readonly code: ErrorCode; readonly message: string };

/** A related record that the description has and `read.with` does not ask for. */
function notRead(
  read: SourceRead,
  { read: { with: related = [] } }: Declaration,
  source: EntityDescription,
): Mistake | null {
  const [first = ''] = read.lines ?? read.steps;
  const description = own(source.fields, first);
  if ((description?.type !== 'record' && description?.type !== 'lines') || related.includes(first))
    return null;
  return {
    code: 'mapping_not_read',
    message: `\`${first}\` is not read with the record; add it to \`with\` under \`read\``,
  };
}

function mistakeIn(read: SourceRead, start: Fields, entity: string): Mistake | null {
  let fields: Fields | undefined = start;
  for (const [depth, step] of read.steps.entries()) {
    const where = depth === 0 ? entity : read.steps.slice(0, depth).join('.');
    if (fields === undefined) return null;
    const field = own(fields, step);
    if (field === undefined) {
      // Every record has an id, even where the vendor does not list it among its fields.
      return step === 'id'
        ? null
        : { code: 'mapping_unknown_source_field', message: noField(where, step, fields) };
    }
    const last = depth === read.steps.length - 1;
    if (!last && field.type === 'lines' && !read.throughLists) {
      return {
        code: 'mapping_bad_path',
        message: `\`${step}\` is a list; its fields are mapped under \`lines\``,
      };
    }
    if (!last && field.type !== 'record' && field.type !== 'lines') {
      return {
        code: 'mapping_bad_path',
        message: `\`${step}\` is a single value (${field.type}) and has no fields`,
      };
    }
    fields = field.fields;
  }
  return null;
}

function fieldsAt(fields: Fields, steps: readonly string[]): Fields | undefined {
  let current: Fields | undefined = fields;
  for (const step of steps) current = current && own(current, step)?.fields;
  return current;
}

function checkSink(declared: Declaration, sink: EntityDescription, report: Report): void {
  const maps = declared.value_maps ?? {};
  checkTargets(declared.fields, sink.fields, sink.entity, ['fields'], maps, report);
  for (const [field, each] of Object.entries(declared.lines ?? {})) {
    const description = own(sink.fields, field);
    if (description === undefined)
      report(
        'mapping_unknown_target_field',
        noField(sink.entity, field, sink.fields),
        ['lines', field],
        'key',
      );
    else if (description.type !== 'lines')
      report('mapping_conflict', `\`${field}\` of ${sink.entity} holds no lines`, ['lines', field], 'key');
    else if (description.fields)
      checkTargets(each.fields, description.fields, field, ['lines', field, 'fields'], maps, report);
  }
  for (const [index, { from }] of (declared.write_back ?? []).entries()) {
    if (from !== 'id' && own(sink.fields, from) === undefined) {
      report('mapping_unknown_target_field', noField(sink.entity, from, sink.fields), [
        'write_back',
        index,
        'from',
      ]);
    }
  }
}

type Rules = { readonly [field: string]: RuleDeclaration };

function checkTargets(
  rules: Rules,
  fields: Fields,
  entity: string,
  at: YamlPath,
  maps: NonNullable<Declaration['value_maps']>,
  report: Report,
): void {
  for (const [field, rule] of Object.entries(rules)) {
    const description = own(fields, field);
    const key = [...at, field];
    if (description === undefined)
      report('mapping_unknown_target_field', noField(entity, field, fields), key, 'key');
    else if (description.type === 'lines')
      report(
        'mapping_conflict',
        `\`${field}\` of ${entity} holds lines, which are mapped under \`lines\``,
        key,
        'key',
      );
    else if (description.readOnly)
      report('mapping_read_only_field', `\`${field}\` of ${entity} cannot be written`, key, 'key');
    else if (description.type === 'enum' && description.options)
      checkOptions(rule, description.options, key, maps, report);
  }
}

/** The fixed values that a rule may come to, each at its place. */
function checkOptions(
  rule: RuleDeclaration,
  options: readonly string[],
  at: YamlPath,
  maps: NonNullable<Declaration['value_maps']>,
  report: Report,
): void {
  const constants: { readonly value: string | undefined; readonly path: YamlPath }[] = [
    { value: rule.default, path: [...at, 'default'] },
  ];
  const sources: { readonly source: SourceDeclaration; readonly path: YamlPath }[] = [
    { source: rule, path: at },
    ...(rule.choose ?? []).map((source, index) => ({ source, path: [...at, 'choose', index] })),
    { source: rule.else ?? {}, path: [...at, 'else'] },
  ];
  if (rule.map === undefined)
    constants.push(...sources.map(({ source, path }) => ({ value: source.value, path: [...path, 'value'] })));
  else constants.push(...mapTargets(rule.map, maps));
  for (const { value, path } of constants) {
    if (value === undefined || value === '' || options.includes(value)) continue;
    const offered = options.length <= 12 ? `; it offers ${options.join(', ')}` : didYouMean(value, options);
    report('mapping_value_not_offered', `the ERP field does not offer \`${value}\`${offered}`, path);
  }
}

function mapTargets(
  name: string,
  maps: NonNullable<Declaration['value_maps']>,
): { value: string | undefined; path: YamlPath }[] {
  const { file, values, unknown: _, ...pairs } = maps[name] ?? {};
  if (file !== undefined) return [];
  const path = ['value_maps', name, ...(values === undefined ? [] : ['values'])];
  return Object.entries(values ?? pairs).map(([from, value]) => ({
    value: typeof value === 'string' ? value : undefined,
    path: [...path, from],
  }));
}

function noField(entity: string, field: string, fields: Fields): string {
  return `${entity} has no field \`${field}\`${didYouMean(field, Object.keys(fields))}`;
}

function own(fields: Fields, name: string): FieldDescription | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
