import { didYouMean } from '../../errors/suggestion.ts';
import type { Report } from '../report.ts';
import type { YamlPath } from '../yaml.ts';
import type { AnswerRead } from './as-flow.ts';
import type { FindBy, FlowEnds, ListCondition, Question } from './lookup.ts';
import { findKeys, type LookupDeclaration, type QuestionDeclaration } from './lookup-declaration.ts';
import { checkOffer, type ConnectionOffer, sideOf } from './offers.ts';

/** What questions are compiled against. */
export type Around = {
  readonly flows: readonly FlowEnds[];
  /** What the connections can do. */
  readonly offers: readonly ConnectionOffer[];
  readonly report: Report;
};

/** How many records of a list are read unless the file says so. */
const usualAtMost = 50;

/**
 * Compiles the questions of a lookup. One that is not sound is left out; then everything wrong with it was reported.
 * `unclear` are names of questions that are there in the file, and could not be read.
 */
export function compileQuestions(
  declared: LookupDeclaration,
  reads: readonly AnswerRead[],
  unclear: readonly string[],
  around: Around,
): Question[] {
  const names = Object.keys(declared.ask);
  checkTake(declared, around.report);
  return names.flatMap((name) => {
    const at = ['ask', name];
    const question = declared.ask[name]!;
    const fields = fieldsRead(name, reads);
    if (['record', 'line'].includes(name))
      around.report('mapping_bad_value', `\`${name}\` has a meaning of its own in expressions`, at, 'key');
    return compileQuestion(name, question, fields, { declared, unclear, ...around }) ?? [];
  });
}

/** The fields of an answer that rules read; its `id` is always there. */
export function fieldsRead(question: string, reads: readonly AnswerRead[]): string[] {
  const own = reads.flatMap((read) => (read.question === question ? (read.field ?? []) : []));
  return [...new Set(own)].filter((field) => field !== 'id').sort();
}

type Surroundings = Around & {
  readonly declared: LookupDeclaration;
  readonly unclear: readonly string[];
};

function compileQuestion(
  name: string,
  question: QuestionDeclaration,
  fields: readonly string[],
  around: Surroundings,
): Question | null {
  const at = ['ask', name];
  const given = findKeys.filter((key) => question[key] !== undefined && question[key] !== false);
  if (!exactlyOne(name, given, at, around.report)) return null;
  checkKeys(question, given[0] === 'where', at, around.report);
  const side = sideOf(question, around.offers);
  checkOffer(name, question, side, around);
  const common = {
    name,
    connection: question.from,
    side,
    entity: question.entity,
    fields,
    optional: (question.optional ?? []).filter((field) => fields.includes(field)),
    with: question.with ?? [],
  };
  if (question.where === undefined)
    return {
      ...common,
      kind: 'record',
      find: findOf(question, at, around),
      mayBeMissing: question.may_be_missing ?? false,
    };
  const order = question.order_by;
  return {
    ...common,
    kind: 'list',
    where: conditionsOf(question.where, at, around),
    order: order === undefined ? null : { field: order.replace(/^-/, ''), descending: order.startsWith('-') },
    atMost: question.at_most ?? usualAtMost,
    mayBeAbsent: question.may_be_absent ?? false,
  };
}

function exactlyOne(name: string, given: readonly string[], at: YamlPath, report: Report): boolean {
  if (given.length === 1) return true;
  const all = findKeys.map((key) => `\`${key}\``).join(', ');
  if (given.length === 0)
    report('lookup_find_count', `\`${name}\` does not say what it finds; give it one of ${all}`, at, 'key');
  else
    report(
      'lookup_find_count',
      `\`${name}\` finds ${given.map((key) => `\`${key}\``).join(' and ')}; keep one of them`,
      [...at, given[1] ?? ''],
      'key',
    );
  return false;
}

const ofLists = ['order_by', 'at_most', 'may_be_absent'] as const;
const ofRecords = ['may_be_missing', 'with'] as const;

function checkKeys(question: QuestionDeclaration, isList: boolean, at: YamlPath, report: Report): void {
  for (const key of isList ? ofRecords : ofLists) {
    if (question[key] === undefined) continue;
    const what = isList ? 'a question that finds one record' : 'a list, which is found by `where`';
    report('mapping_conflict', `\`${key}\` belongs to ${what}`, [...at, key], 'key');
  }
}

function findOf(question: QuestionDeclaration, at: YamlPath, { flows, report }: Around): FindBy {
  if (question.by_field !== undefined) return { by: 'field', field: question.by_field };
  if (question.by_link === undefined) return { by: 'id' };
  const flow = question.by_link;
  const target = flows.find((one) => one.flow === flow);
  const place = [...at, 'by_link'];
  if (target === undefined) {
    const names = flows.map((one) => one.flow);
    report('lookup_unknown_flow', `there is no flow \`${flow}\`${didYouMean(flow, names)}`, place);
  } else if (target.write.to !== question.from)
    report(
      'lookup_wrong_link',
      `the flow \`${flow}\` writes to \`${target.write.to}\`, and this asks \`${question.from}\``,
      place,
    );
  else if (target.write.entity !== question.entity)
    report(
      'lookup_wrong_link',
      `the flow \`${flow}\` writes ${target.write.entity}, and this asks for ${question.entity}`,
      place,
    );
  return { by: 'link', flow };
}

function conditionsOf(
  where: NonNullable<QuestionDeclaration['where']>,
  at: YamlPath,
  around: Surroundings,
): ListCondition[] {
  const conditions = Object.entries(where);
  if (conditions.length === 0)
    around.report(
      'mapping_missing_key',
      '`where` has no conditions; say at least which record the list belongs to',
      [...at, 'where'],
      'key',
    );
  return conditions.map(([field, wanted]) => {
    if (typeof wanted === 'string') return { field, isOneOf: [wanted] };
    if (!('record' in wanted)) return { field, isOneOf: wanted };
    checkRecord(wanted.record, [...at, 'where', field, 'record'], around);
    return { field, isRecord: wanted.record };
  });
}

function checkRecord(name: string, at: YamlPath, { declared, unclear, report }: Surroundings): void {
  if (unclear.includes(name)) return;
  const records = Object.entries(declared.ask).flatMap(([one, { where }]) =>
    where === undefined ? one : [],
  );
  if (records.includes(name)) return;
  if (Object.hasOwn(declared.ask, name))
    report('mapping_conflict', `\`${name}\` finds a list, and not one record`, at);
  else report('lookup_unknown_question', `there is no question \`${name}\`${didYouMean(name, records)}`, at);
}

/** One after the other is for records: the first that is found is the answer. */
function checkTake({ take, ask }: LookupDeclaration, report: Report): void {
  if (take !== 'first') return;
  const questions = Object.entries(ask);
  if (questions.length === 1)
    report('mapping_conflict', '`take: first` needs two questions or more', ['take']);
  for (const [name, { where, may_be_missing: mayBeMissing }] of questions) {
    if (where !== undefined)
      report(
        'mapping_conflict',
        `\`${name}\` finds a list, and \`take: first\` takes the first record`,
        ['ask', name, 'where'],
        'key',
      );
    if (mayBeMissing !== undefined)
      report(
        'mapping_conflict',
        'with `take: first`, every record but one may be missing',
        ['ask', name, 'may_be_missing'],
        'key',
      );
  }
}
