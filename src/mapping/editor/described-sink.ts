import type { EntityDescription, FieldDescription } from '../../connector/contract.ts';
import { fieldInWords, targetInWords } from './field-in-words.ts';
import { type Definitions, type JsonSchema, refTo, sorted, suggesting, under } from './json-schema.ts';

type Fields = { readonly [name: string]: FieldDescription };

/** A pick list that is longer is not offered value by value. */
const longestPickList = 100;

/**
 * What an editor offers and refuses in a mapping that writes this entity: its fields under `fields`, and those of its
 * lines under `lines`. A name that the entity does not have is refused. The definition called `name` fits a whole
 * mapping, and a part of one that writes a record of its own.
 */
export function sinkDefinitions(name: string, { entity, fields }: EntityDescription): Definitions {
  const lines = sorted(fields).filter(([, { type }]) => type === 'lines');
  const single = sorted(fields).filter(([, { type }]) => type !== 'lines');
  const offers = (some: typeof single) =>
    some.map(([field, description]) => ({ value: field, description: fieldInWords(field, description) }));
  const written = [{ value: 'id', description: 'The id of the record that was written.' }];
  return {
    [name]: under({
      write: under({ key: suggesting(offers(single.filter(([, field]) => !field.readOnly))) }),
      fields: { allOf: [refTo(`${name}:fields`)] },
      lines: {
        properties: Object.fromEntries(lines.map(([field, each]) => [field, linesSchema(field, each)])),
        additionalProperties: false,
        errorMessage: `${entity} has no lines of this name`,
      },
      write_back: {
        items: under({
          from: suggesting([...written, ...offers(single.filter(([field]) => field !== 'id'))]),
        }),
      },
    }),
    [`${name}:fields`]: fieldsSchema(entity, fields),
  };
}

function linesSchema(name: string, lines: FieldDescription): JsonSchema {
  return {
    type: 'object',
    description: fieldInWords(name, lines),
    ...(lines.fields && under({ fields: fieldsSchema(name, lines.fields) })),
  };
}

function fieldsSchema(owner: string, fields: Fields): JsonSchema {
  return {
    properties: Object.fromEntries(
      sorted(fields).map(([name, field]) => [name, targetSchema(owner, name, field)]),
    ),
    additionalProperties: false,
    errorMessage: `${owner} has no field of this name`,
  };
}

/** Editors do not offer what has a `deprecationMessage`, and show the message where it is used all the same. */
function targetSchema(owner: string, name: string, field: FieldDescription): JsonSchema {
  const description = targetInWords(name, field);
  if (field.type === 'lines')
    return {
      description,
      deprecationMessage: `\`${name}\` of ${owner} holds lines, which are mapped under \`lines\``,
    };
  if (field.readOnly) return { description, deprecationMessage: `\`${name}\` of ${owner} cannot be written` };
  const { options = [] } = field;
  const offered = options.length > 0 && options.length <= longestPickList;
  return { type: 'object', description, ...(offered && optionsSchema(options)) };
}

/** The values of a pick list, wherever a rule holds a fixed value. */
function optionsSchema(options: readonly string[]): JsonSchema {
  const value: JsonSchema = { anyOf: [{ enum: [...options] }, {}] };
  return under({ value, default: value, choose: { items: under({ value }) }, else: under({ value }) });
}
