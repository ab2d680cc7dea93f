import type { EntityDescription } from '../../connector/contract.ts';
import type { Described } from '../described.ts';
import { sinkDefinitions } from './described-sink.ts';
import { sourceDefinitions } from './described-source.ts';
import {
  type Definitions,
  given,
  type JsonSchema,
  refTo,
  saying,
  sorted,
  suggesting,
  type Suggestion,
  under,
} from './json-schema.ts';

/**
 * What the descriptions of both sides add to the schema of a mapping: conditions on the connections that it reads and
 * writes, and the definitions that these use.
 */
export function describedParts(described: Described): {
  readonly definitions: Definitions;
  readonly conditions: readonly JsonSchema[];
} {
  const sources = connectionsOf(described, 'source');
  const sinks = connectionsOf(described, 'sink');
  return {
    definitions: {
      ...definitionsOf(sources, 'read', sourceDefinitions),
      ...definitionsOf(sinks, 'write', sinkDefinitions),
    },
    conditions: [
      under({ read: under({ from: suggesting(sources.map(offer)) }) }),
      under({ write: under({ to: suggesting(sinks.map(offer)) }) }),
      ...sources.map(({ connection, name }) => when('read', { from: connection }, refTo(name))),
      // What a mapping makes beside its own records goes to the same connection.
      ...sinks.map(({ connection, name }) =>
        when(
          'write',
          { to: connection },
          {
            allOf: [refTo(name)],
            ...under({ also: { additionalProperties: refTo(name) } }),
          },
        ),
      ),
    ],
  };
}

/** A connection, seen from one side. `name` is that of its definition. */
type OneSide = {
  readonly connection: string;
  readonly name: string;
  readonly entities: readonly (readonly [string, EntityDescription])[];
};

function connectionsOf(described: Described, side: 'source' | 'sink'): OneSide[] {
  return sorted(described)
    .map(([connection, sides]) => ({
      connection,
      name: `${side}:${connection}`,
      entities: sorted(sides[side]),
    }))
    .filter(({ entities }) => entities.length > 0);
}

const offer = ({ connection, entities }: OneSide): Suggestion => ({
  value: connection,
  description: entities.map(([entity]) => entity).join(', '),
});

/** For each connection one definition that fits a mapping, with what each entity adds to it. */
function definitionsOf(
  sides: readonly OneSide[],
  key: 'read' | 'write',
  entityDefinitions: (name: string, description: EntityDescription) => Definitions,
): Definitions {
  const all = sides.map(({ connection, name, entities }): Definitions => {
    const offers = entities.map(([value]) => ({ value, description: `An entity of ${connection}.` }));
    return Object.assign(
      {
        [name]: {
          ...under({ [key]: under({ entity: suggesting(offers) }) }),
          allOf: entities.map(([entity]) => when(key, { entity }, refTo(`${name}:${entity}`))),
        },
      },
      ...entities.map(([entity, description]) => entityDefinitions(`${name}:${entity}`, description)),
    ) as Definitions;
  });
  return Object.assign({}, ...all) as Definitions;
}

/** What holds of a mapping that says these values under a key. */
function when(key: string, values: { readonly [key: string]: string }, then: JsonSchema): JsonSchema {
  return given({ properties: { [key]: saying(values) }, required: [key] }, then);
}
