import type { EntityDescription } from '../connector/contract.ts';
import type { Problem } from '../errors/error.ts';
import { checkAgainst } from '../mapping/against.ts';
import { connectionOf, type SyncContext } from './context.ts';

/** Compares every mapping with what both systems describe now: unknown fields, fields that cannot be written. */
export async function checkPaths(context: SyncContext, signal: AbortSignal): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const mapping of context.mappings()) {
    const source = await describe(context, mapping.read.from, 'source', mapping.read.entity, signal);
    const sink = await describe(context, mapping.write.to, 'sink', mapping.write.entity, signal);
    problems.push(...checkAgainst(mapping, { source, sink }));
  }
  return problems;
}

async function describe(
  context: SyncContext,
  name: string,
  side: 'source' | 'sink',
  entity: string,
  signal: AbortSignal,
): Promise<EntityDescription | null> {
  return (await connectionOf(context, name)[side]?.describe(entity, signal)) ?? null;
}
