import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import { keepsPayloads } from '../config/retention.ts';
import type { FieldExplanation } from '../mapping/explain.ts';
import { preview as previewRecord, type Preview } from '../sync/preview.ts';
import { requireSameTenant } from '../sync/identity.ts';
import type { SinkItem } from '../connector/contract.ts';
import type { Value } from '../connector/value.ts';
import { onlyHashes } from './retention.ts';
import { type ExitCode, type GlobalOptions, inReading, print, requireFlowIn } from './session.ts';

/**
 * `causeway preview FLOW ID`: source value, rule and result of each field, and the payload. Sends nothing. Exit code 1
 * when the record would be rejected, or is not in the source.
 */
export function preview(flow: string, id: string, options: GlobalOptions): Promise<ExitCode> {
  return inReading({ ...options, systems: 'open' }, async ({ reading, shutdown, json }) => {
    const mapping = requireFlowIn(reading, flow);
    const source = reading.context.connections.get(mapping.read.from);
    if (source !== undefined && reading.schema === 'current')
      await requireSameTenant(reading.context.database, source, shutdown.soft);
    const found = await previewRecord(
      { ...reading.context, schema: reading.schema },
      mapping,
      id,
      shutdown.soft,
    );
    if ('gone' in found) throw new CausewayError([problem('unknown_record', found.gone)]);
    const payload = payloadOf(found);
    print(
      json,
      {
        flow,
        id,
        readFrom: found.readFrom,
        ending: found.explanation.ending.kind,
        would: found.decision.do,
        targetId: found.targetId,
        onlyWhen: found.explanation.onlyWhen,
        fields: found.explanation.fields,
        lines: found.explanation.lines,
        problems: found.explanation.ending.kind === 'rejected' ? found.explanation.ending.problems : [],
        waitsFor: found.explanation.ending.kind === 'waiting' ? found.explanation.ending.for : [],
        payload,
        changes: found.changes,
      },
      renderPreview(found, keepsPayloads(reading.config.retention, flow)),
    );
    return found.explanation.ending.kind === 'rejected' ? 1 : 0;
  });
}

/** For a person: what would happen, then each field with its source value, its rule and its result. */
export function renderPreview(found: Preview, keepsPayloads: boolean): string {
  const { explanation, flow, id } = found;
  const stale =
    found.readFrom === 'source'
      ? []
      : [
          `  The source could not be read now (${found.mirrorReason ?? ''}); this is the state that was mirrored.`,
        ];
  const condition =
    explanation.onlyWhen === null
      ? []
      : [`  only_when ${explanation.onlyWhen.expression}: ${metText(explanation.onlyWhen.met)}`];
  const lines = explanation.lines.flatMap(({ field, rows }) =>
    rows.length === 0
      ? [`  ${field}: no lines`]
      : rows.flatMap((row) => [`  ${field}[${row.key}]`, ...row.fields.map((one) => fieldText(one, '    '))]),
  );
  return [
    `${flow} ${id}: ${verdict(found)}`,
    ...stale,
    ...condition,
    ...explanation.fields.map((one) => fieldText(one, '  ')),
    ...lines,
    ...(found.changes === null || found.changes.length === 0
      ? []
      : [
          '  Against what was last delivered:',
          ...found.changes.map(
            (change) => `    ${change.field}: ${shownSide(change.old)} → ${shownSide(change.new)}`,
          ),
        ]),
    ...(found.changes !== null || found.targetId === null || keepsPayloads ? [] : [`  ${onlyHashes(flow)}`]),
    ...payloadText(found),
    'Nothing was sent.',
  ].join('\n');
}

/** What the sink would be handed, or holds already; null where the record makes nothing. */
function payloadOf({ decision }: Preview): Pick<SinkItem, 'fields' | 'lines'> | null {
  const { fields, lines } =
    'item' in decision ? decision.item : 'output' in decision ? decision.output : { fields: null, lines: {} };
  return fields && { fields, lines };
}

function payloadText(found: Preview): string[] {
  const payload = payloadOf(found);
  if (payload === null) return [];
  const { fields, lines } = payload;
  return [`  Payload: ${JSON.stringify({ fields, ...(Object.keys(lines).length > 0 && { lines }) })}`];
}

function verdict({ decision, targetId, explanation }: Preview): string {
  const inErp = targetId === null ? '' : ` (ERP record ${targetId})`;
  switch (decision.do) {
    case 'create':
      return 'would be created in the ERP';
    case 'update':
      return `would be updated${inErp}`;
    case 'unchanged':
      return `would change nothing${inErp}: the ERP holds this already`;
    case 'remove':
      return `would be removed (${decision.how})${inErp}: ${decision.reason}`;
    case 'park':
      return `would wait for ${decision.for.map((parent) => `${parent.flow} ${parent.id}`).join(' and ')}`;
    case 'reject':
      return `would be rejected: ${decision.problems.length === 1 ? '1 problem' : `${decision.problems.length} problems`}`;
    default:
      return explanation.ending.kind === 'skipped' ? `would be skipped: ${decision.reason}` : decision.reason;
  }
}

const metText = (met: unknown): string =>
  met === true ? 'yes' : met === false ? 'no, so it is not carried' : (met as { message: string }).message;

function fieldText(
  { field, rule, source, inputs, writeOn, result }: FieldExplanation,
  indent: string,
): string {
  const outcome =
    result.kind === 'value'
      ? `= ${shownSide(result.value)}${writeOn === 'always' ? '' : ` (on ${writeOn} only)`}`
      : result.kind === 'nothing'
        ? 'is left alone'
        : result.kind === 'waiting'
          ? `waits for ${result.for.flow} ${result.for.id}`
          : `is wrong: ${result.message} [${result.code}]`;
  const from = source === undefined ? 'nothing there' : shownSide(source);
  // A plain `from` shows its only source value already.
  const others = /^\{ from: [^[]/.test(rule) && inputs.length < 2 ? [] : inputs;
  const given = others.map(({ path, value }) => `${path} ${shownSide(value)}`).join(', ');
  const using = given === '' ? '' : `\n${indent}    where ${given}`;
  return `${indent}${field} ${outcome}\n${indent}    from ${from} by ${rule}${using}`;
}

/** A value for a terminal, cut where it would fill the screen. */
export function shownSide(value: Value | undefined): string {
  if (value === undefined) return 'not written';
  if (value === null) return 'empty';
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
