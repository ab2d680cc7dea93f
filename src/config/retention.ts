import { problem } from '../errors/catalogue.ts';
import { CausewayError, type Problem } from '../errors/error.ts';
import { didYouMean } from '../errors/suggestion.ts';
import type { RetentionConfig } from './config.ts';

/** What is kept of what was sent for a flow. A flow under `also` follows its file's, unless it is named itself. */
function payloadsOf({ payloads }: RetentionConfig, flow: string): 'keep' | 'hashes' {
  const names = [flow, flow.split('.')[0] ?? flow];
  const named = names.find((name) => Object.hasOwn(payloads.flows, name));
  return named === undefined ? payloads.default : (payloads.flows[named] ?? payloads.default);
}

/** Whether what is sent for a flow may be kept, or only its hash. */
export const keepsPayloads = (retention: RetentionConfig, flow: string): boolean =>
  payloadsOf(retention, flow) === 'keep';

/** Flows that `retention` names and no mapping file has: a misspelt one would keep what should not be kept. */
export function unknownRetentionFlows(
  { payloads }: RetentionConfig,
  flows: readonly string[],
): readonly Problem[] {
  return Object.keys(payloads.flows)
    .filter((name) => !flows.includes(name))
    .map((name) =>
      problem(
        'retention_unknown_flow',
        `\`retention.payloads.flows\` names ${name}, and no flow is named so${didYouMean(name, flows) || '.'}`,
      ),
    );
}

/** Throws where `retention` names a flow that is not there. A flow whose file is bad is given the benefit of the doubt. */
export function requireRetentionFlows(
  retention: RetentionConfig,
  folder: {
    readonly current: () => readonly { readonly flow: string }[];
    readonly problems: () => readonly Problem[];
  },
): void {
  if (folder.problems().length > 0) return;
  const unknown = unknownRetentionFlows(
    retention,
    folder.current().map(({ flow }) => flow),
  );
  if (unknown.length > 0) throw new CausewayError(unknown);
}
