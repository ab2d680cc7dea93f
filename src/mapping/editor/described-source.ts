import type { EntityDescription, FieldDescription } from '../../connector/contract.ts';
import { fieldInWords } from './field-in-words.ts';
import {
  type Definitions,
  given,
  type JsonSchema,
  refTo,
  saying,
  sorted,
  suggesting,
  under,
} from './json-schema.ts';

type Fields = { readonly [name: string]: FieldDescription };

/**
 * What an editor offers in a mapping that reads this entity: its paths wherever a rule takes one, its lists, and its
 * related records. All are offers: `causeway check` is what holds a path against the source. The definition called
 * `name` fits a mapping; the others are used by it.
 */
export function sourceDefinitions(name: string, { fields }: EntityDescription): Definitions {
  const known = { id: { type: 'text', label: '', required: false, readOnly: true } as const, ...fields };
  const paths = pathsOf(known);
  const lists = listsOf(known);
  const isRelated = ({ type }: FieldDescription): boolean => type === 'record' || type === 'lines';
  const related = sorted(fields).filter(([, field]) => isRelated(field));
  const writable = sorted(fields).filter(([, field]) => !field.readOnly && !isRelated(field));
  const reading = refTo(`${name}:reading`);
  return {
    [name]: {
      allOf: [reading],
      ...under({
        read: under({ with: { items: suggesting(offers(related)) } }),
        also: { additionalProperties: reading },
      }),
    },
    [`${name}:reading`]: under({
      fields: { additionalProperties: ruleSchema(refTo(`${name}:path`)) },
      lines: { additionalProperties: linesSchema(name, lists) },
      write_back: { items: under({ field: suggesting(offers(writable)) }) },
    }),
    [`${name}:path`]: suggesting(offers(paths)),
    ...Object.assign({}, ...lists.map(([path, list]) => lineDefinitions(`${name}:${path}`, list, paths))),
  };
}

type Named = readonly [name: string, field: FieldDescription];

const offers = (fields: readonly Named[]) =>
  fields.map(([name, field]) => ({ value: name, description: fieldInWords(name, field) }));

/** Every single value of a record, through its related records. */
function pathsOf(fields: Fields, prefix = ''): Named[] {
  return sorted(fields).flatMap(([name, field]): Named[] => {
    if (field.type === 'lines') return [];
    if (field.type !== 'record') return [[prefix + name, field]];
    return pathsOf(field.fields ?? {}, `${prefix}${name}.`);
  });
}

function listsOf(fields: Fields, prefix = ''): Named[] {
  return sorted(fields).flatMap(([name, field]): Named[] => {
    if (field.type === 'lines') return [[prefix + name, field]];
    return field.type === 'record' ? listsOf(field.fields ?? {}, `${prefix}${name}.`) : [];
  });
}

/** Wherever a rule takes a path: in `from`, alone or in a list, in the branches of `choose`, and in `country`. */
function ruleSchema(path: JsonSchema): JsonSchema {
  const from: JsonSchema = { allOf: [path], items: path };
  return under({
    from,
    choose: { items: under({ from }) },
    else: under({ from }),
    country: { allOf: [path] },
  });
}

function linesSchema(name: string, lists: readonly Named[]): JsonSchema {
  const chosen = lists.map(([path]) => given(saying({ for_each: path }), refTo(`${name}:${path}`)));
  return { ...under({ for_each: suggesting(offers(lists)) }), allOf: [{}, ...chosen] };
}

/** In the lines of a list, paths begin at the line; two points lead back to the record. */
function lineDefinitions(
  name: string,
  { fields = {} }: FieldDescription,
  paths: readonly Named[],
): Definitions {
  const record = paths.map(([path, field]): Named => [`..${path}`, field]);
  const own = pathsOf(fields);
  return {
    [name]: under({
      key: suggesting(offers(own)),
      fields: { additionalProperties: ruleSchema(refTo(`${name}:path`)) },
    }),
    [`${name}:path`]: suggesting(offers([...own, ...record])),
  };
}
