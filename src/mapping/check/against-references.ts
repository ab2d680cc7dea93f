import type { EntityDescription } from '../../connector/contract.ts';
import { type Target, targets } from './against-sink.ts';
import type { Declaration } from '../declaration.ts';
import { declaredPaths, declaredSources } from './declared-rules.ts';
import { describedAt } from './described-field.ts';
import type { Mapping } from '../mapping.ts';
import type { Report } from '../report.ts';
import { type SourceField, fieldNamed } from './source-reads.ts';

type Flows = readonly Pick<Mapping, 'flow' | 'write'>[];

/** Reports references to other records than the field takes, and ids of the CRM where the ERP wants one of its own. */
export function checkReferences(
  declared: Declaration,
  { source, sink }: { readonly source: EntityDescription | null; readonly sink: EntityDescription },
  flows: Flows,
  report: Report,
): void {
  const there = flows.filter(({ write }) => write.to === declared.write.to);
  for (const target of targets(declared, sink)) {
    if (target.field?.type !== 'reference') continue;
    checkReference(target, there, report);
    checkIds(target, source, there, report);
  }
}

function checkReference({ located, field, entity }: Target, flows: Flows, report: Report): void {
  const { reference } = located.rule;
  const carried = flows.find(({ flow }) => flow === reference)?.write.entity;
  const wanted = field?.to;
  if (carried === undefined || wanted === undefined || carried === wanted) return;
  const names = flowsTo(wanted, flows);
  const hint = names === null ? '' : `; write ${names}`;
  report(
    'mapping_wrong_reference',
    `the flow \`${reference}\` carries ${carried}, and \`${located.field}\` of ${entity} takes a record of ${wanted}${hint}`,
    [...located.at, 'reference'],
  );
}

function checkIds(
  { located, field, entity }: Target,
  source: EntityDescription | null,
  flows: Flows,
  report: Report,
): void {
  const { rule, lines } = located;
  if (rule.reference !== undefined || rule.map !== undefined) return;
  for (const { text, at } of declaredSources(located).flatMap(declaredPaths)) {
    const named = fieldNamed(text, lines?.list ?? null);
    if (named === null || !isSourceId(named, source)) continue;
    const names = flowsTo(field?.to ?? '', flows) ?? '`reference` with the flow that carries these records';
    report(
      'mapping_type_mismatch',
      `\`${text}\` is an id of the CRM, and \`${located.field}\` of ${entity} takes one of the ERP; write ${names}`,
      at,
    );
  }
}

function isSourceId(named: SourceField, source: EntityDescription | null): boolean {
  return named.steps.at(-1) === 'id' || (source !== null && describedAt(source, named)?.type === 'reference');
}

/** The flows that write an entity, as they are named in a rule; null when there is none. */
function flowsTo(entity: string, flows: Flows): string | null {
  const names = flows
    .filter(({ write }) => write.entity === entity)
    .map(({ flow }) => `\`reference: ${flow}\``);
  return names.length === 0 ? null : names.join(' or ');
}
