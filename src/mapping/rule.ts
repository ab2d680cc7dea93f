import type { Value } from '../connector/value.ts';
import type { RecordCode } from '../errors/record-codes.ts';
import { type Conversion, convert } from './convert/convert.ts';
import type { RuleDeclaration } from './declaration.ts';
import type { Given, Reference } from './mapping.ts';
import { compilePhoneCountry, type PhoneCountryOf } from './convert/phone-country.ts';
import type { Scope } from './record-path.ts';
import { isEmpty, isGroup, isRefusal, refuse, type Refusal, shown } from './refusal.ts';
import type { Report } from './report.ts';
import { checkRule, conversionOf } from './check/rule-check.ts';
import { compileRuleSource, type Source, type Standpoint } from './source.ts';
import type { ValueMap } from './value-map.ts';
import type { YamlPath } from './yaml.ts';

/** What a rule makes of one record. `nothing` leaves the ERP's own value alone. */
export type Result =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly code: RecordCode; readonly message: string }
  | { readonly kind: 'waiting'; readonly for: Reference };

export type WriteOn = NonNullable<RuleDeclaration['write_on']>;

/** The compiled rule of one ERP field. */
export type Rule = {
  readonly field: string;
  /** The rule on one line. */
  readonly text: string;
  /** When its value is written; a run finds it out every time. */
  readonly writeOn: WriteOn;
  /** The flow that it refers to, and whether a record waits for it. */
  readonly reference: { readonly flow: string; readonly ifMissing: 'wait' | 'reject' | 'null' } | null;
  readonly read: Source['read'];
  readonly choice: Source['choice'];
  /** Reference, map, default, conversion and length, in this order. */
  readonly finish: (found: Value | Refusal | undefined, given: Given, scope: Scope) => Result;
};

/** What rules are compiled against. A value map that is not sound is null. */
export type RuleSurroundings = {
  readonly standpoint: Standpoint;
  readonly valueMaps: ReadonlyMap<string, ValueMap | null>;
  readonly report: Report;
  /** Whether rules may ask for `now()` although what they give is not written once: in a lookup nothing is. */
  readonly mayAskNow?: boolean;
};

/** Compiles a rule. Null when it is not sound; then everything wrong with it has been reported. */
export function compileRule(
  field: string,
  declared: RuleDeclaration,
  path: YamlPath,
  around: RuleSurroundings,
): Rule | null {
  checkRule(declared, path, around);
  const { reference, write_on: writeOn = 'always' } = declared;
  const { standpoint, report } = around;
  const writtenOnce = writeOn === 'create' || around.mayAskNow === true;
  const source = compileRuleSource(declared, path, { standpoint, report, writtenOnce });
  const country = compilePhoneCountry(declared.country, standpoint, [...path, 'country'], report);
  if (source === null || country === null) return null;
  return {
    field,
    text: oneLine(declared),
    writeOn,
    reference: reference === undefined ? null : { flow: reference, ifMissing: declared.if_missing ?? 'wait' },
    read: source.read,
    choice: source.choice,
    finish: finisher(declared, source, country, around.valueMaps),
  };
}

/** The record that a rule refers to, without running the rest of it. */
export function referenceOf(rule: Rule, scope: Scope): Reference | null {
  if (rule.reference === null) return null;
  const id = rule.read(scope);
  return typeof id === 'string' && id !== '' ? { flow: rule.reference.flow, id } : null;
}

function finisher(
  declared: RuleDeclaration,
  source: Source,
  country: PhoneCountryOf,
  valueMaps: ReadonlyMap<string, ValueMap | null>,
): Rule['finish'] {
  const { label } = source;
  const link =
    declared.reference === undefined ? null : linkStep(declared.reference, declared.if_missing ?? 'wait');
  const map = declared.map === undefined ? null : mapStep(declared.map, valueMaps.get(declared.map) ?? null);
  const conversion = conversionStep(conversionOf(declared), country);
  const length = declared.max === undefined ? null : lengthStep(declared.max, declared.too_long === 'cut');
  const refused = (value: Value | undefined, { code, message }: Refusal): Result => ({
    kind: 'refused',
    code,
    message: `${label} is ${shown(value)}, which ${message}`,
  });
  return (found, given, scope) => {
    if (isRefusal(found)) return { kind: 'refused', code: found.code, message: `${label} ${found.message}` };
    let value = found;
    if (link !== null && !isEmpty(value)) {
      const linked = link(value, given);
      if (isRefusal(linked)) return refused(found, linked);
      if (typeof linked === 'object' && linked !== null && 'waitsFor' in linked)
        return { kind: 'waiting', for: linked.waitsFor };
      value = linked;
    }
    if (map !== null && !isEmpty(value)) {
      const mapped = map(value, given);
      if (isRefusal(mapped)) return refused(value, mapped);
      value = mapped;
    }
    if (isEmpty(value)) value = declared.default;
    if (isEmpty(value)) return emptyResult(declared, label);
    const converted = conversion(value, scope);
    if (isRefusal(converted)) return refused(value, converted);
    const fitted = length === null ? converted : length(converted);
    // A cut may leave nothing but spaces, which go.
    if (fitted === '') return emptyResult(declared, label);
    return isRefusal(fitted) ? refused(value, fitted) : { kind: 'value', value: fitted };
  };
}

function emptyResult({ required, when_empty }: RuleDeclaration, label: string): Result {
  if (required)
    return {
      kind: 'refused',
      code: 'value_missing',
      message: `${label} is empty, and the field must have a value`,
    };
  return when_empty === 'clear' ? { kind: 'value', value: null } : { kind: 'nothing' };
}

function linkStep(
  flow: string,
  ifMissing: 'wait' | 'reject' | 'null',
): (value: Value, given: Given) => string | null | Refusal | { readonly waitsFor: Reference } {
  return (value, given) => {
    if (typeof value !== 'string') return refuse('value_wrong_kind', 'is not the id of one record');
    const reference = { flow, id: value };
    const id = given.linked(reference);
    if (id !== null || ifMissing === 'null') return id;
    return ifMissing === 'wait'
      ? { waitsFor: reference }
      : refuse('reference_not_linked', `the flow ${flow} has not brought to the ERP`);
  };
}

function mapStep(
  name: string,
  map: ValueMap | null,
): (value: Value, given: Given) => Value | undefined | Refusal {
  return (value, given) => {
    if (typeof value === 'object')
      return refuse('value_wrong_kind', `the value map \`${name}\` cannot translate`);
    const from = String(value);
    const instead = given.valueMaps?.[name];
    const target = instead === undefined ? map?.entries.get(from) : ownEntry(instead, from);
    if (target !== undefined) {
      given.onMapped?.(name, from);
      return target;
    }
    if (map?.unknown === 'default') return undefined;
    return map?.unknown === 'keep'
      ? value
      : refuse('value_not_mapped', `the value map \`${name}\` does not have`);
  };
}

const ownEntry = (entries: { readonly [from: string]: string }, from: string): string | undefined =>
  Object.hasOwn(entries, from) ? entries[from] : undefined;

/** Only phone numbers ask for a country, and it may be another one for each record. */
function conversionStep(
  conversion: Conversion | null,
  country: PhoneCountryOf,
): (value: Value, scope: Scope) => Value | Refusal {
  if (conversion === null) return passed;
  if (conversion.as !== 'phone') return (value) => convert(value, conversion);
  return (value, scope) => convert(value, { ...conversion, country: country(scope) });
}

function passed(value: Value): Value | Refusal {
  if (isGroup(value)) return refuse('value_wrong_kind', 'is not a single value; name one of its fields');
  return Array.isArray(value) && value.some((item: Value) => typeof item === 'object')
    ? refuse(
        'value_wrong_kind',
        'is a list of records; map it under `lines`, or make a text of it with `expr`',
      )
    : value;
}

function lengthStep(max: number, cut: boolean): (value: Value) => Value | Refusal {
  return (value) => {
    if (typeof value !== 'string' || value.length <= max) return value;
    const characters = Array.from(value);
    if (characters.length <= max) return value;
    if (cut) return characters.slice(0, max).join('').trimEnd();
    return refuse('value_too_long', `has ${characters.length} characters; the field holds ${max}`);
  };
}

function oneLine(declared: unknown): string {
  if (Array.isArray(declared)) return `[${declared.map(oneLine).join(', ')}]`;
  if (typeof declared !== 'object' || declared === null) return String(declared);
  return `{ ${Object.entries(declared)
    .map(([key, value]) => `${key}: ${oneLine(value)}`)
    .join(', ')} }`;
}
