import { z } from 'zod';
import { readAnswer } from './fields.ts';
import type { Rpc } from './transport.ts';

/** Models whose records are named by a public code: ISO 3166-1 alpha-2 for countries, ISO 4217 for currencies. */
export const codedModels: { readonly [model: string]: { readonly code: string; readonly what: string } } = {
  'res.country': { code: 'code', what: 'country' },
  'res.currency': { code: 'name', what: 'currency' },
};

/** A record behind a code. Odoo switches off the currencies that a company does not use. */
type Coded = { readonly id: number; readonly active: boolean };

export type CodeTable = {
  readonly byCode: ReadonlyMap<string, Coded>;
  readonly byId: ReadonlyMap<number, string>;
};

export type CodeTables = {
  /** The table of a coded model, read once; read again when it lacks one of `codes`. */
  table(model: string, codes: Iterable<string>, signal: AbortSignal): Promise<CodeTable>;
};

export function codeTables(call: Rpc): CodeTables {
  const tables = new Map<string, CodeTable>();
  return {
    async table(model, codes, signal) {
      const known = tables.get(model);
      if (known !== undefined && [...codes].every((code) => known.byCode.has(code))) return known;
      const table = await readTable(call, model, signal);
      tables.set(model, table);
      return table;
    },
  };
}

async function readTable(call: Rpc, model: string, signal: AbortSignal): Promise<CodeTable> {
  const code = codedModels[model]?.code ?? 'name';
  const fields = model === 'res.currency' ? [code, 'active'] : [code];
  const answer = await call(
    { model, method: 'search_read', params: { domain: [], fields }, context: { active_test: false } },
    signal,
  );
  const rows = readAnswer(z.array(z.looseObject({ id: z.number() })), answer);
  const coded = rows.flatMap((row): [string, Coded][] => {
    const text = row[code];
    return typeof text === 'string'
      ? [[text.toUpperCase(), { id: row.id, active: row['active'] !== false }]]
      : [];
  });
  return { byCode: new Map(coded), byId: new Map(coded.map(([text, { id }]) => [id, text])) };
}
