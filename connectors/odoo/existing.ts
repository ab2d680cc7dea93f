import { z } from 'zod';
import { readAnswer } from './fields.ts';
import type { Rpc } from './transport.ts';

const largestId = 2_147_483_647;

/** The number behind an id of Odoo, or null for a text that cannot be one. */
export function databaseId(id: string): number | null {
  return /^[1-9]\d{0,9}$/.test(id) && Number(id) <= largestId ? Number(id) : null;
}

/** Which of the records exist, archived or not, as far as the user of the connection may see. */
export async function existing(
  call: Rpc,
  model: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const numbers = ids.flatMap((id) => databaseId(id) ?? []);
  if (numbers.length === 0) return new Set();
  const params = { domain: [['id', 'in', numbers]], fields: ['id'] };
  const answer = await call(
    { model, method: 'search_read', params, context: { active_test: false } },
    signal,
  );
  return new Set(readAnswer(z.array(z.looseObject({ id: z.number() })), answer).map(({ id }) => String(id)));
}
