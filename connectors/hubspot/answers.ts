/**
 * The parts of HubSpot's answers that are used. Everything that HubSpot does not promise is optional here, and
 * ids are made text: `toObjectId` comes as a JSON number, `id` as text, in one and the same answer.
 */
import { z } from 'zod';

const id = z.union([z.string(), z.number()]).transform(String);
const instant = z.union([z.string(), z.number()]).transform(String).nullish();
const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const flag = z.boolean().nullish();
const paging = z.looseObject({ next: z.looseObject({ after: id }).nullish() }).nullish();

export const hubspotObject = z.looseObject({
  id,
  properties: z.record(z.string(), value.optional()).default({}),
  createdAt: instant,
  updatedAt: instant,
  archived: flag,
  archivedAt: instant,
  objectWriteTraceId: z.string().nullish(),
  associations: z
    .record(z.string(), z.looseObject({ results: z.array(z.looseObject({ id })).default([]) }))
    .nullish(),
});
export type HubSpotObject = z.output<typeof hubspotObject>;

/** A page of a search or a listing. */
export const objectPage = z.looseObject({
  total: z.coerce.number().nullish(),
  results: z.array(hubspotObject),
  paging,
});

/** One error of a batch: `context` names the inputs it is about, under one of several keys. */
const batchError = z.looseObject({
  status: z.union([z.string(), z.number()]).nullish(),
  category: z.string().nullish(),
  subCategory: z.unknown().optional(),
  message: z.string().nullish(),
  context: z.record(z.string(), z.union([z.array(id), id]).optional()).nullish(),
  errors: z.array(z.unknown()).nullish(),
});
export type BatchError = z.output<typeof batchError>;

export const objectBatch = z.looseObject({
  results: z.array(hubspotObject).default([]),
  errors: z.array(batchError).nullish(),
});

export const associationBatch = z.looseObject({
  results: z
    .array(
      z.looseObject({
        from: z.looseObject({ id }),
        to: z
          .array(
            z.looseObject({
              toObjectId: id,
              associationTypes: z
                .array(z.looseObject({ category: z.string().nullish(), typeId: z.coerce.number() }))
                .default([]),
            }),
          )
          .default([]),
        paging,
      }),
    )
    .default([]),
  errors: z.array(batchError).nullish(),
});

const propertyDefinition = z.looseObject({
  name: z.string(),
  label: z.string().nullish(),
  type: z.string().nullish(),
  fieldType: z.string().nullish(),
  options: z.array(z.looseObject({ value: id, hidden: flag })).nullish(),
  calculated: flag,
  hubspotDefined: flag,
  modificationMetadata: z.looseObject({ readOnlyValue: flag }).nullish(),
});
export type PropertyDefinition = z.output<typeof propertyDefinition>;

export const propertyList = z.looseObject({ results: z.array(propertyDefinition) });

/** A custom object of the account. */
const schema = z.looseObject({
  name: z.string(),
  fullyQualifiedName: z.string(),
  objectTypeId: z.string().nullish(),
});
export type Schema = z.output<typeof schema>;

export const schemaList = z.looseObject({ results: z.array(schema) });

export const accountDetails = z.looseObject({ portalId: id });
