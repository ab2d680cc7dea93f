import { z } from 'zod';
import { Fault } from '../../src/connector/fault.ts';
import type { Rpc } from './transport.ts';

const field = z.looseObject({
  type: z.string(),
  string: z.string().catch(''),
  required: z.boolean().catch(false),
  readonly: z.boolean().catch(false),
  store: z.boolean().catch(true),
  company_dependent: z.boolean().catch(false),
  relation: z.string().optional(),
  relation_field: z.string().optional(),
  size: z.coerce.number().optional().catch(undefined),
  selection: z
    .array(z.tuple([z.unknown(), z.unknown()]))
    .optional()
    .catch(undefined),
  /** What the field is computed from; empty for a field that only holds what was written to it. */
  depends: z.array(z.string()).optional().catch(undefined),
});

/** A field as Odoo's `fields_get` describes it. */
export type OdooField = z.output<typeof field>;
export type OdooFields = ReadonlyMap<string, OdooField>;

const attributes = Object.keys(field.shape);

/** What Odoo says of its models, asked once each. */
export type Models = {
  /** Throws `config` for a model that Odoo does not have or does not show to this user. */
  fields(model: string, signal: AbortSignal): Promise<OdooFields>;
  /** Asks again, because a field was not there: an admin may have added it since. */
  reload(model: string, signal: AbortSignal): Promise<OdooFields>;
  /**
   * The fields that may be written empty when a record is created, with the same effect as leaving them out: Odoo
   * neither computes them nor has a default for them.
   */
  blankable(model: string, signal: AbortSignal): Promise<ReadonlySet<string>>;
  /**
   * As `fields`, for questions that a missing model or field leaves without an answer: null for a model that is not
   * there for this user, and nothing is asked again within {@link absentMs}.
   */
  ifThere(model: string, wanted: readonly string[], signal: AbortSignal): Promise<OdooFields | null>;
  /** The fields for which Odoo has a default. */
  defaults(model: string, signal: AbortSignal): Promise<ReadonlySet<string>>;
};

/** How long a model or field that was not there is taken for missing: an app may be installed meanwhile. */
const absentMs = 10 * 60 * 1000;

const absent = (error: unknown): boolean =>
  error instanceof Fault && (error.code === 'odoo_unknown_model' || error.code === 'odoo_access_error');

export function odooModels(call: Rpc, now: () => Date): Models {
  const askedAt = new Map<string, number>();
  const known = new Map<string, OdooFields>();
  const knownDefaults = new Map<string, ReadonlySet<string>>();
  const reload = async (model: string, signal: AbortSignal): Promise<OdooFields> => {
    const answer = await call({ model, method: 'fields_get', params: { attributes } }, signal);
    const fields = new Map(Object.entries(readAnswer(z.record(z.string(), field), answer)));
    known.set(model, fields);
    knownDefaults.delete(model);
    return fields;
  };
  const fieldsOf = async (model: string, signal: AbortSignal): Promise<OdooFields> =>
    known.get(model) ?? (await reload(model, signal));
  const defaultsOf = async (model: string, signal: AbortSignal): Promise<ReadonlySet<string>> => {
    const before = knownDefaults.get(model);
    if (before !== undefined) return before;
    const names = [...(await fieldsOf(model, signal)).keys()];
    const defaults = await askDefaults(call, model, names, signal);
    knownDefaults.set(model, defaults);
    return defaults;
  };
  const ifThere: Models['ifThere'] = async (model, wanted, signal) => {
    const fields = known.get(model) ?? null;
    if (fields !== null && wanted.every((name) => fields.has(name))) return fields;
    if (now().getTime() - (askedAt.get(model) ?? -Infinity) < absentMs) return fields;
    try {
      return await reload(model, signal);
    } catch (error) {
      if (!absent(error)) throw error;
      known.delete(model);
      return null;
    } finally {
      askedAt.set(model, now().getTime());
    }
  };
  return {
    reload,
    ifThere,
    fields: fieldsOf,
    defaults: defaultsOf,
    async blankable(model, signal) {
      const fields = await fieldsOf(model, signal);
      const defaults = await defaultsOf(model, signal);
      const plain = [...fields].filter(([name, field]) => !defaults.has(name) && holdsWhatIsWritten(field));
      return new Set(plain.map(([name]) => name));
    },
  };
}

/** Some models refuse the question outside their dialogues. Then any field may have a default. */
async function askDefaults(
  call: Rpc,
  model: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  try {
    const params = { fields: names };
    const answer = await call({ model, method: 'default_get', params, positional: true }, signal);
    return new Set(Object.keys(readAnswer(z.record(z.string(), z.unknown()), answer)));
  } catch (error) {
    if (error instanceof Fault && (error.kind === 'invalid_record' || error.kind === 'bug'))
      return new Set(names);
    throw error;
  }
}

const holdsWhatIsWritten = (field: OdooField): boolean =>
  field.store && !field.company_dependent && field.depends?.length === 0 && field.type !== 'one2many';

/** Reads an answer of Odoo; one of another shape is a defect on either side, and nothing that a record can mend. */
export function readAnswer<T>(shape: z.ZodType<T>, answer: unknown): T {
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined ? '' : ` at ${issue.path.join('.') || 'its top'}: ${issue.message}`;
  throw new Fault({
    kind: 'bug',
    code: 'odoo_unreadable_answer',
    message: `Odoo's answer has another shape than expected${where}.`,
  });
}
