import type { EntityDescription } from '../../connector/contract.ts';
import { problem } from '../../errors/catalogue.ts';
import type { Problem } from '../../errors/error.ts';
import { checkConversions } from './against-conversions.ts';
import { checkReferences } from './against-references.ts';
import { checkRows } from './against-rows.ts';
import { checkSink } from './against-sink.ts';
import { checkSource } from './against-source.ts';
import { checkTypes } from './against-types.ts';
import { checkNumberTexts } from './number-texts.ts';
import type { Mapping } from '../mapping.ts';
import { declaredOf } from '../part.ts';
import { inOrder } from '../read.ts';
import type { Report } from '../report.ts';
import { compileValueMaps, readValueFile } from '../value-map.ts';

/**
 * Checks a sound mapping against what the vendors say of their entities: fields that are not there, cannot be written
 * or are of another kind, related records that are not read, values that a pick list does not offer, and texts that
 * are too long. A side that is null is not checked. `mappings` are those that references lead to.
 */
export function checkAgainst(
  mapping: Pick<Mapping, 'file' | 'text' | 'part' | 'valueFiles'>,
  described: { readonly source: EntityDescription | null; readonly sink: EntityDescription | null },
  mappings: readonly Mapping[] = [],
): Problem[] {
  const flow = declaredOf(mapping);
  const problems: Problem[] = [];
  if (flow === null) return problems;
  const { declared, place } = flow;
  const report: Report = (code, message, path, on = 'value', within = 0) => {
    problems.push(problem(code, message, place(path, on, within)));
  };
  const files = mapping.valueFiles.map(readValueFile);
  // What is wrong with the value maps themselves was told when the mapping was read.
  const valueMaps = compileValueMaps(declared.value_maps ?? {}, mapping.file, files, () => {});
  const { source, sink } = described;
  if (source !== null) {
    checkSource(declared, source, report);
    checkConversions(declared, source, report);
    checkNumberTexts(declared, source, report);
    if (mapping.part === null) checkRows(flow.all, source, valueMaps, report);
  }
  if (sink !== null) {
    checkSink(declared, sink, valueMaps, report);
    checkTypes(declared, { source, sink }, valueMaps, report);
    checkReferences(declared, { source, sink }, mappings, report);
  }
  return inOrder(problems);
}
