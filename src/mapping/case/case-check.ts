import { problem } from '../../errors/catalogue.ts';
import type { Problem } from '../../errors/error.ts';
import { recordCodes } from '../../errors/record-codes.ts';
import { didYouMean } from '../../errors/suggestion.ts';
import type { Case } from './case-file.ts';
import type { CompiledMapping } from '../compile.ts';
import type { YamlPath } from '../yaml.ts';

/**
 * What a case names and its mapping does not have. A name with a slip in it would pass for something that the
 * mapping does not do, or would never be looked at.
 */
export function checkCase(one: Case, mapping: CompiledMapping): Problem[] {
  return [...checkGiven(one, mapping), ...checkCodes(one, codesOf(one)), ...checkOutput(one, mapping)];
}

/** Finds the mapping that a case is of among those of its file, or says that there is none. */
export function mappingOf(one: Case, mappings: readonly CompiledMapping[]): CompiledMapping | Problem {
  const found = mappings.find(({ part, flow }) => (one.flow === null ? part === null : flow === one.flow));
  if (found !== undefined) return found;
  const flows = mappings.map(({ flow }) => flow);
  return unknownName(
    one,
    `this mapping file has no flow \`${one.flow}\``,
    one.flow ?? '',
    flows,
    ['flow'],
    'value',
  );
}

function checkGiven(one: Case, mapping: CompiledMapping): Problem[] {
  const flows = flowsIn(mapping);
  const maps = [...mapping.valueMaps.keys()];
  return [
    ...unknown(Object.keys(one.references), flows).map((flow) =>
      unknownName(
        one,
        `no rule of \`${mapping.flow}\` refers to the flow \`${flow}\``,
        flow,
        flows,
        ['given', 'references', flow],
        'key',
      ),
    ),
    ...unknown(Object.keys(one.valueMaps), maps).map((map) =>
      unknownName(
        one,
        `\`${mapping.flow}\` has no value map \`${map}\``,
        map,
        maps,
        ['given', 'value_maps', map],
        'key',
      ),
    ),
  ];
}

const codesOf = ({ expected }: Case): readonly string[] =>
  expected.kind === 'rejected' ? expected.codes : [];

function flowsIn({ program }: CompiledMapping): string[] {
  const rules = [...program.rules, ...program.lines.flatMap((each) => each.rules)];
  return [...new Set(rules.flatMap(({ reference }) => reference?.flow ?? []))];
}

/** Codes with which no record is ever rejected. */
export function checkCodes(one: Pick<Case, 'place'>, codes: readonly string[]): Problem[] {
  const known = Object.keys(recordCodes);
  return codes.flatMap((code, index) =>
    known.includes(code)
      ? []
      : unknownName(
          one,
          `no record is ever rejected with \`${code}\``,
          code,
          known,
          ['rejected', index],
          'value',
        ),
  );
}

function checkOutput(one: Case, { flow, program }: CompiledMapping): Problem[] {
  if (one.expected.kind !== 'record') return [];
  const { exactly, output } = one.expected;
  const root = exactly ? 'expect' : 'expect_some';
  const written = program.rules.map(({ field }) => field);
  const listed = program.lines.map(({ field }) => field);
  const fields = unknown(Object.keys(output.fields), written).map((field) => {
    const at = [root, 'fields', field];
    if (listed.includes(field))
      return unknownName(one, `\`${field}\` holds lines, which stand under \`lines\``, field, [], at, 'key');
    return unknownName(
      one,
      `no rule of \`${flow}\` writes the field \`${field}\``,
      field,
      written,
      at,
      'key',
    );
  });
  const lines = Object.entries(output.lines).flatMap(([field, rows]) => {
    const at = [root, 'lines', field];
    const each = program.lines.find((list) => list.field === field);
    if (each === undefined)
      return [
        unknownName(one, `\`${flow}\` has no lines in the field \`${field}\``, field, listed, at, 'key'),
      ];
    const known = each.rules.map((rule) => rule.field);
    return Object.entries(rows).flatMap(([key, row]) =>
      unknown(Object.keys(row), known).map((name) =>
        unknownName(
          one,
          `no rule writes the field \`${name}\` in the lines of \`${field}\``,
          name,
          known,
          [...at, key, name],
          'key',
        ),
      ),
    );
  });
  return [...fields, ...lines];
}

const unknown = (names: readonly string[], known: readonly string[]): string[] =>
  names.filter((name) => !known.includes(name));

/** Few names that are known are listed where none of them is near. */
export function unknownName(
  one: Pick<Case, 'place'>,
  message: string,
  name: string,
  known: readonly string[],
  path: YamlPath,
  on: 'key' | 'value',
): Problem {
  const few = known.length > 0 && known.length <= 8 ? `; the names here are ${known.join(', ')}` : '';
  const hint = didYouMean(name, known) || few;
  return problem('mapping_test_unknown_name', `${message}${hint}`, one.place(path, on));
}
