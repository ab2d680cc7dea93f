import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { groupLetters, type LetterGroup } from '../store/dead-letter.ts';
import { type DeadLetter, listDeadLetters } from '../sync/dead-letters.ts';
import { mendLetters } from '../sync/mend-letters.ts';
import { type ExitCode, type GlobalOptions, inSession, print, requireFlow, type Session } from './session.ts';

type FlowGroup = LetterGroup & { readonly flow: string };

/** `causeway dead-letters list [FLOW] [--group G]`: by cause, or the letters of one cause. Exit code 1 when there are any. */
export async function listAll(
  flow: string | undefined,
  options: GlobalOptions & { limit: number; group?: string | undefined },
): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const mappings: readonly Mapping[] =
      flow === undefined ? causeway.context.mappings() : [requireFlow(causeway, flow)];
    const all = await groupsOf(causeway, mappings);
    const groups = options.group === undefined ? all : all.filter(({ group }) => group === options.group);
    if (options.group !== undefined && groups.length === 0)
      throw new CausewayError([unknownGroup(options.group)]);
    const deadLetters: DeadLetter[] = [];
    for (const mapping of mappings)
      deadLetters.push(
        ...(await listDeadLetters(causeway.context.database, mapping, options.limit, options.group ?? null)),
      );
    const total = groups.reduce((sum, { count }) => sum + count, 0);
    const text =
      options.group === undefined
        ? renderGroups(groups, causeway.context.now())
        : renderLetters(groups, deadLetters, causeway.context.now());
    print(json, { total, groups, deadLetters }, text);
    return total === 0 ? 0 : 1;
  });
}

export const unknownGroup = (group: string) =>
  problem('unknown_group', `There are no dead letters of the group ${group}.`);

async function groupsOf(
  { context }: Session['causeway'],
  mappings: readonly Mapping[],
): Promise<FlowGroup[]> {
  const groups: FlowGroup[] = [];
  for (const mapping of mappings) {
    await mendLetters(context, mapping);
    const { flow, read } = mapping;
    const stream = { connection: read.from, entity: read.entity };
    const found = await groupLetters(context.database, flow, stream);
    groups.push(...found.map((group) => ({ flow, ...group })));
  }
  return groups;
}

function renderGroups(groups: readonly FlowGroup[], now: Date): string {
  if (groups.length === 0) return 'There are no dead letters.';
  const flows = [...Map.groupBy(groups, ({ flow }) => flow)];
  const [first] = groups;
  return [
    ...flows.flatMap(([flow, own]) => [
      `${flow}: ${lettersInWords(own.reduce((sum, { count }) => sum + count, 0))}, ${own.length === 1 ? '1 cause' : `${own.length} causes`}`,
      ...own.map((group) => groupText(group, now)),
    ]),
    '',
    `The letters of one cause: causeway dead-letters list --group ${first?.group ?? 'GROUP'}`,
    `One of them in full:      causeway dead-letters show ${first?.flow ?? 'FLOW'} ${first?.sample ?? 'ID'}`,
    'When the cause is mended: causeway dead-letters redrive FLOW --group GROUP',
    'When it never will be:    causeway dead-letters drop FLOW --group GROUP --reason "…"',
  ].join('\n');
}

export const lettersInWords = (count: number): string =>
  count === 1 ? '1 dead letter' : `${count} dead letters`;

function groupText(
  { group, code, field, message, count, oldest, newest, sample }: FlowGroup,
  now: Date,
): string {
  const age =
    count === 1
      ? `for ${duration(oldest, now)}: ${sample}`
      : `the oldest for ${duration(oldest, now)}, the newest for ${duration(newest, now)}, for example ${sample}`;
  return `  ${group}  ${String(count).padStart(6)}  ${code}\n      ${field === '' ? '' : `${field}: `}${message}\n      ${age}`;
}

/** How long ago, in the largest unit that says enough. */
function duration(since: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - since.getTime()) / 1000));
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const;
  for (const [unit, size] of units) {
    const count = Math.floor(seconds / size);
    if (count > 0) return count === 1 ? `1 ${unit}` : `${count} ${unit}s`;
  }
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}

function renderLetters(groups: readonly FlowGroup[], letters: readonly DeadLetter[], now: Date): string {
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const more = total - letters.length;
  return [
    ...groups.map((group) => `${group.flow}\n${groupText(group, now)}`),
    ...letters.map(renderLetter),
    ...(more > 0 ? [`… and ${more} more; --limit shows more of them.`] : []),
  ].join('\n');
}

function renderLetter(letter: DeadLetter): string {
  const fields = letter.fields
    .map(({ field, message }) => `\n    ${field === '' ? 'record' : field}: ${message}`)
    .join('');
  return `${letter.flow} ${letter.sourceId}  ${letter.code}  since ${letter.since.toISOString().slice(0, 19)}Z${fields === '' ? `\n    ${letter.reason}` : fields}`;
}
