import { isDeepStrictEqual } from 'node:util';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { nextRun } from '../schedule/schedule.ts';
import { mendLetters } from '../sync/mend-letters.ts';
import { type LetterStory, letterStory } from '../sync/letter-story.ts';
import type { Payload } from '../store/payload.ts';
import { renderExplanation } from './explain.ts';
import { type ExitCode, type GlobalOptions, inSession, print, requireFlow } from './session.ts';

/** `causeway dead-letters show FLOW ID`: record, payload, answer, history, and what can be done; whatever its state is by now. */
export async function show(flow: string, id: string, options: GlobalOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const mapping = requireFlow(causeway, flow);
    await mendLetters(causeway.context, mapping);
    const found = await letterStory(causeway.context, mapping, id, {
      nextRun: nextRun(mapping),
      historyLimit: 50,
    });
    if (found === null)
      throw new CausewayError([problem('unknown_record', `The flow ${flow} has never seen a record ${id}.`)]);
    print(json, { ...found, canBeDone: canBeDone(found) }, renderStory(found));
    return 0;
  });
}

/** The whole story for a person. */
export function renderStory(story: LetterStory): string {
  const { letter, sourceRecord } = story;
  return [
    renderExplanation(story),
    ...(letter === null ? ['  It is not a dead letter.'] : letterText(story, letter)),
    `  The record, as ${sourceRecord === null ? 'it was last seen: it is not there any more' : `it was last seen: ${JSON.stringify(sourceRecord)}`}`,
    ...todayText(story),
    ...(letter === null ? [] : ['  What can be done:', ...canBeDone(story).map((line) => `    ${line}`)]),
  ].join('\n');
}

function letterText({ keepsPayload }: LetterStory, letter: NonNullable<LetterStory['letter']>): string[] {
  const at = `${letter.failedAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const attempts = letter.attempts === 1 ? '1 attempt' : `${letter.attempts} attempts`;
  const mapping = letter.mappingHash === null ? '' : `, with mapping ${letter.mappingHash.slice(0, 8)}`;
  return [
    `  Put aside at ${at} after ${attempts}${mapping}; group ${letter.group}`,
    `  Answer: ${letter.code}: ${letter.message}`,
    `  Sent: ${sentText(letter.payload, keepsPayload)}`,
  ];
}

function sentText(payload: Payload | null, keepsPayload: boolean): string {
  if (payload !== null) return payloadText(payload);
  return keepsPayload
    ? 'nothing is known to have been sent'
    : 'it is not kept, because causeway.yaml keeps only hashes of what this flow sends; preview shows what would be sent now';
}

const payloadText = ({ fields, lines }: Payload): string =>
  JSON.stringify({ fields, ...(Object.keys(lines).length > 0 && { lines }) });

function todayText({ today, letter }: LetterStory): string[] {
  if (today === null) return [];
  switch (today.would) {
    case 'reject':
      return [
        '  The mapping of today rejects it:',
        ...today.problems.map(({ field, message }) => `    ${field === '' ? 'record' : field}: ${message}`),
      ];
    case 'park': {
      const parents = today.waitsFor.map(({ flow, id }) => `${flow} ${id}`).join(' and ');
      return [`  With the mapping of today it would wait for ${parents}.`];
    }
    case 'create':
    case 'update':
      return isDeepStrictEqual(today.payload, letter?.payload)
        ? ['  The mapping of today would send the same again.']
        : [
            `  The mapping of today would ${today.would} it: ${today.payload === null ? '' : payloadText(today.payload)}`,
          ];
    default:
      return ['  With the mapping of today nothing would be sent for it.'];
  }
}

/** The ways out of a dead letter, the likeliest first. */
function canBeDone({ letter, record, today }: LetterStory): string[] {
  if (letter === null) return [];
  const { flow, sourceId } = record;
  const one = `causeway dead-letters redrive ${flow} --id ${sourceId}`;
  const again =
    today?.would === 'reject'
      ? `Or mend the mapping, and then: ${one}`
      : `Or send it again, when the mapping or the ERP is mended: ${one}`;
  return [
    'Mend the record in the source: the change is sent by itself.',
    ...(letter.code === 'target_gone' ? [`Create it again in the ERP: ${one}`] : [again]),
    `All of the same cause: causeway dead-letters redrive ${flow} --group ${letter.group}`,
    `Leave it out until it changes: causeway dead-letters drop ${flow} --id ${sourceId} --reason "…"`,
  ];
}
