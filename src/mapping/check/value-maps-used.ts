import { declaredRules } from './declared-rules.ts';
import type { DeclaredFlow } from '../part.ts';
import type { Report } from '../report.ts';

/**
 * Reports the value maps of a file that no rule uses: the rule that a map was written for lacks its `map`. A rule that
 * names a map which is not there is told of by itself, and the map may be the one that was meant.
 */
export function checkValueMapsUsed(flows: readonly DeclaredFlow[], report: Report): void {
  const names = Object.keys(flows[0]?.declared.value_maps ?? {});
  const used = flows.flatMap(({ declared }) => declaredRules(declared).flatMap(({ rule }) => rule.map ?? []));
  if (used.some((name) => !names.includes(name))) return;
  for (const name of names) {
    if (!used.includes(name))
      report(
        'mapping_unused_value_map',
        `no rule uses the value map \`${name}\`; write \`map: ${name}\` in the rule that it is for`,
        ['value_maps', name],
        'key',
      );
  }
}
