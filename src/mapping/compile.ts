import { hash } from 'node:crypto';
import { validateDetailed } from 'node-cron';
import { ceilingsOf } from './ceiling.ts';
import { isContinuous } from './continuous.ts';
import type { Declaration } from './declaration.ts';
import { parseDuration } from './duration.ts';
import { isTimezone } from './convert/instant.ts';
import { compileLines } from './lines.ts';
import type { Mapping } from './mapping.ts';
import { checkOnlyWhen } from './check/never-reached.ts';
import type { DeclaredFlow } from './part.ts';
import type { Report } from './report.ts';
import { compileRule, type Rule, type WriteOn } from './rule.ts';
import { type Program, referencesOf, runProgram } from './run.ts';
import type { SourceText } from '../errors/source-text.ts';
import { conditionAt } from './source.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { compileValueMaps, type ValueFile } from './value-map.ts';

/** A mapping with what it was compiled to, so that it can be explained field by field. */
export type CompiledMapping = Mapping & {
  readonly program: Program;
  /** The entries of its value maps, by name. */
  readonly valueMaps: ReadonlyMap<string, ReadonlyMap<string, string>>;
};

/**
 * Compiles a declared flow. Everything wrong is reported; a mapping with anything reported must not be run. Null
 * when it uses a value file that has problems of its own.
 */
export function compileMapping(
  { part, declared }: DeclaredFlow,
  file: SourceText,
  valueFiles: readonly ValueFile[],
  report: Report,
): CompiledMapping | null {
  checkDeclaration(declared, report);
  const valueMaps = compileValueMaps(declared.value_maps ?? {}, file.path, valueFiles, report);
  const program = compileProgram(declared, { valueMaps, report });
  if ([...valueMaps.values()].includes(null)) return null;
  const used = [...valueMaps.values()].flatMap((map) => map?.file ?? []);
  return {
    flow: declared.flow,
    part,
    about: declared.about ?? '',
    file: file.path,
    text: file.text,
    valueFiles: used.map(({ path, text }) => ({ path, text })),
    hash: hash('sha256', JSON.stringify([file.text, ...used.map(({ path, text }) => [path, text])])),
    read: { from: declared.read.from, entity: declared.read.entity, with: declared.read.with ?? [] },
    write: { to: declared.write.to, entity: declared.write.entity, key: declared.write.key ?? null },
    schedule: declared.schedule ?? null,
    scheduleTimezone: declared.schedule_timezone ?? 'UTC',
    freshnessSeconds: declared.freshness === undefined ? null : parseDuration(declared.freshness),
    fullScanSeconds: declared.full_scan === undefined ? null : parseDuration(declared.full_scan),
    whenItLeaves: declared.when_it_leaves ?? 'keep',
    whenDeleted: declared.when_deleted ?? 'keep',
    ceiling: ceilingsOf(declared, report),
    refersTo: waitsFor(program).filter((flow) => flow !== declared.flow),
    writeBack: declared.write_back ?? [],
    program,
    valueMaps: new Map([...valueMaps].map(([name, map]) => [name, map?.entries ?? new Map()])),
    references: (record) => referencesOf(program, record),
    run: (record, given) => runProgram(program, record, given),
  };
}

function compileProgram(
  declared: Declaration,
  around: { valueMaps: ReturnType<typeof compileValueMaps>; report: Report },
): Program {
  const rules = Object.entries(declared.fields).map(([field, rule]) =>
    compileRule(field, rule, ['fields', field], { ...around, standpoint: 'record' }),
  );
  const lines = Object.entries(declared.lines ?? {}).map(([field, each]) =>
    compileLines(field, each, ['lines', field], around),
  );
  checkOnlyWhen(declared.only_when, ['only_when'], around.report);
  const sound = rules.filter((rule) => rule !== null);
  return {
    onlyWhen:
      declared.only_when === undefined
        ? null
        : conditionAt(declared.only_when, ['only_when'], {
            standpoint: 'record',
            writtenOnce: false,
            report: around.report,
          }),
    rules: sound,
    lines: lines.filter((each) => each !== null),
    createOnly: writtenOn('create', sound),
    updateOnly: writtenOn('update', sound),
  };
}

const writtenOn = (writeOn: WriteOn, rules: readonly Rule[]): string[] =>
  rules.filter((rule) => rule.writeOn === writeOn).map(({ field }) => field);

/** The flows that records of this one wait for, or are rejected without. */
function waitsFor({ rules, lines }: Program): string[] {
  const all = [...rules, ...lines.flatMap((each) => each.rules)];
  return [
    ...new Set(
      all.flatMap(({ reference }) =>
        reference === null || reference.ifMissing === 'null' ? [] : reference.flow,
      ),
    ),
  ];
}

/** What can be seen in the file alone, outside the rules. */
function checkDeclaration(declared: Declaration, report: Report): void {
  const { fields, lines = {}, write, read } = declared;
  if (Object.keys(fields).length === 0)
    report('mapping_missing_key', '`fields` has no rules', ['fields'], 'key');
  for (const field of Object.keys(lines)) {
    if (Object.hasOwn(fields, field))
      report(
        'mapping_conflict',
        `\`${field}\` stands under \`fields\` and under \`lines\``,
        ['lines', field],
        'key',
      );
  }
  if (write.key !== undefined) checkKey(write.key, fields, report);
  for (const [index, { to }] of (declared.write_back ?? []).entries()) {
    if (read.from !== '' && to !== read.from)
      report(
        'mapping_wrong_connection',
        `\`${to}\` is not the connection that the record is read from; that is \`${read.from}\``,
        ['write_back', index, 'to'],
      );
  }
  checkTimes(declared, report);
}

function checkKey(key: string, fields: Declaration['fields'], report: Report): void {
  if (!Object.hasOwn(fields, key)) {
    const hint = didYouMean(key, Object.keys(fields));
    report('mapping_missing_key', `the key \`${key}\` has no rule under \`fields\`${hint}`, ['write', 'key']);
  }
  if (Object.hasOwn(fields, key) && fields[key]?.write_on === 'update') {
    report('mapping_conflict', `\`${key}\` is the key, which must be written when the record is created`, [
      'fields',
      key,
      'write_on',
    ]);
  }
}

function checkTimes(declared: Declaration, report: Report): void {
  const { schedule, schedule_timezone: timezone } = declared;
  for (const key of ['freshness', 'full_scan'] as const) {
    const duration = declared[key];
    if (duration === undefined || parseDuration(duration) !== null) continue;
    report(
      'mapping_bad_value',
      `\`${key}\` must be a duration such as \`30s\`, \`15m\`, \`1h\` or \`2d\`, and it is \`${duration}\``,
      [key],
    );
  }
  if (timezone !== undefined && !isTimezone(timezone)) {
    report('mapping_bad_timezone', `\`${timezone}\` is not a time zone`, ['schedule_timezone']);
  }
  if (timezone !== undefined && schedule === undefined) {
    report('mapping_conflict', '`schedule_timezone` needs a `schedule`', ['schedule_timezone'], 'key');
  }
  if (schedule === undefined) return;
  if (isContinuous({ schedule })) {
    if (timezone !== undefined)
      report(
        'mapping_conflict',
        '`schedule_timezone` says nothing beside `schedule: continuous`',
        ['schedule_timezone'],
        'key',
      );
    return;
  }
  const checked = validateDetailed(schedule);
  const parts = checked.errors
    .flatMap(({ field, value }) =>
      partNames[field] === undefined ? [] : `${partNames[field]} cannot be \`${value}\``,
    )
    .join(', ');
  if (!checked.valid)
    report(
      'mapping_bad_schedule',
      `\`${schedule}\` is no cron expression${parts === '' ? '' : `: ${parts}`}`,
      ['schedule'],
    );
}

const partNames: { readonly [part: string]: string } = {
  dayOfMonth: 'the day of the month',
  dayOfWeek: 'the day of the week',
  hour: 'the hour',
  minute: 'the minute',
  month: 'the month',
  second: 'the second',
};
