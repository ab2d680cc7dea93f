import { z } from 'zod';
import { Fault } from '../../src/connector/fault.ts';
import { readAnswer } from './fields.ts';
import type { Rpc } from './transport.ts';

/** Odoo's table of external ids, `ir.model.data`, which not every user may read. */
export type ExternalIds = {
  /** The database id behind each name of our module that stands for a record of the model. */
  idsOf(model: string, names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** The name of our module on each of the records that have one. */
  namesOf(model: string, ids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, string>>;
  /** The names of our module on records of the model, in the order of the table, after a row of it. Null where it may not be read. */
  page(model: string, after: number, limit: number, signal: AbortSignal): Promise<readonly NameRow[] | null>;
};

const row = z.looseObject({ id: z.number(), name: z.string(), res_id: z.number() });
export type NameRow = z.output<typeof row>;

/**
 * Reads the table where the user may, in one call for all. Where Odoo refuses that (it takes the "Access Rights"
 * group from version 15 on), it asks methods that answer every user about the records he may see.
 */
export function externalIds(call: Rpc, module: string): ExternalIds {
  let readable = true;
  const table = async (
    model: string,
    domain: readonly unknown[],
    signal: AbortSignal,
    paging: { readonly order?: string; readonly limit?: number } = {},
  ): Promise<NameRow[] | null> => {
    if (!readable) return null;
    const params = {
      domain: [['module', '=', module], ['model', '=', model], ...domain],
      fields: ['name', 'res_id'],
      ...paging,
    };
    try {
      return readAnswer(
        z.array(row),
        await call({ model: 'ir.model.data', method: 'search_read', params }, signal),
      );
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'odoo_access_error') throw error;
      readable = false;
      return null;
    }
  };
  return {
    page: (model, after, limit, signal) => table(model, [['id', '>', after]], signal, { order: 'id', limit }),
    async idsOf(model, names, signal) {
      const rows = await table(model, [['name', 'in', names]], signal);
      if (rows !== null) return new Map(rows.map(({ name, res_id }) => [name, res_id]));
      const found = await Promise.all(names.map((name) => resolve(call, model, module, name, signal)));
      return new Map(names.flatMap((name, index) => (found[index] ? [[name, found[index]]] : [])));
    },
    async namesOf(model, ids, signal) {
      const rows = await table(model, [['res_id', 'in', ids]], signal);
      if (rows !== null) return new Map(rows.map(({ name, res_id }) => [res_id, name]));
      const answer = await call({ model, method: 'get_external_id', ids }, signal);
      const full = Object.entries(readAnswer(z.record(z.string(), z.string()), answer));
      const ours = full.filter(([, text]) => text.startsWith(`${module}.`));
      return new Map(ours.map(([id, text]) => [Number(id), text.slice(module.length + 1)]));
    },
  };
}

/** One name at a time, for a user who may not read the table: null when there is none, or none that he may see. */
async function resolve(
  call: Rpc,
  model: string,
  module: string,
  name: string,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    const params = { module, xml_id: name };
    const context = { active_test: false };
    const answer = await call(
      { model: 'ir.model.data', method: 'check_object_reference', params, context },
      signal,
    );
    const [of, id] = readAnswer(z.tuple([z.string(), z.union([z.number(), z.literal(false)])]), answer);
    return of === model && id !== false ? id : null;
  } catch (error) {
    // An external id that does not exist is a ValueError in Odoo.
    if (error instanceof Fault && error.kind === 'invalid_record') return null;
    throw error;
  }
}
