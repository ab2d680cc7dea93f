import type { Finding } from './checker.ts';
import { expectations } from './expectations.ts';
import type { Event, Link, Snapshot, Tables } from './snapshot.ts';

/** Whether Causeway's own books add up: one state with a reason for each record, and nothing left behind. */
export function judgeBooks({ tables }: Snapshot): Finding[] {
  return [
    ...statesAddUp(tables),
    ...lettersHaveCauses(tables),
    ...nothingLeftBehind(tables),
    ...countsAddUp(tables),
    ...limitsAreNoAttempts(tables),
  ];
}

const unexplained = (record: string, expected: string, found: string): Finding => ({
  verdict: 'unexplained',
  record,
  expected,
  found,
});

const nameOf = ({ flow, sourceId }: { readonly flow: string; readonly sourceId: string }): string =>
  `${flow} ${sourceId}`;
const settled = new Set(['synced', 'skipped', 'waiting', 'dead', 'removed']);

function statesAddUp({ mirror, links }: Tables): Finding[] {
  const perFlow = expectations.flatMap(({ flow, entity }) => {
    const known = mirror.filter((row) => row.entity === entity);
    const own = new Set(links.filter((link) => link.flow === flow).map(({ sourceId }) => sourceId));
    const missing = known.filter(({ sourceId }) => !own.has(sourceId));
    return missing.map(({ sourceId }) => unexplained(`${flow} ${sourceId}`, 'exactly one state', 'none'));
  });
  const perLink = links.flatMap((link) => [
    ...(settled.has(link.state)
      ? []
      : [unexplained(nameOf(link), 'a settled state', `${link.state}: ${link.reason}`)]),
    ...(link.behind
      ? [unexplained(nameOf(link), 'the link is of the newest version', 'it is of an older one')]
      : []),
    ...(link.state === 'synced' || link.reason
      ? []
      : [unexplained(nameOf(link), 'a reason', `${link.state} without one`)]),
  ]);
  return [...perFlow, ...perLink];
}

/** Each dead record has one letter, and each letter has a dead record or a write-back that failed. */
function lettersHaveCauses({ links, letters, history }: Tables): Finding[] {
  const dead = new Map(links.filter(({ state }) => state === 'dead').map((link) => [nameOf(link), link]));
  const failed = new Set(history.filter(({ event }) => event === 'write_back_failed').map(nameOf));
  const seen = new Set<string>();
  const perLetter = letters.flatMap(({ queue, sourceId }): Finding[] => {
    const [kind = '', flow = ''] = queue.split('/');
    const name = `${flow} ${sourceId}`;
    if (kind === 'write-back')
      return failed.has(name)
        ? []
        : [unexplained(name, 'a failed write-back behind its dead letter', 'none')];
    if (seen.has(name)) return [unexplained(name, 'one dead letter', 'two')];
    seen.add(name);
    const cause: Link | undefined = dead.get(name);
    return cause?.code
      ? []
      : [
          unexplained(
            name,
            'a dead letter has a cause',
            cause === undefined ? 'the record is not dead' : 'no code',
          ),
        ];
  });
  const without = [...dead.keys()].filter((name) => !seen.has(name));
  return [
    ...perLetter,
    ...without.map((name) => unexplained(name, 'a dead letter', 'the record is dead without one')),
  ];
}

function nothingLeftBehind({ links, jobs, intents }: Tables): Finding[] {
  const stateOf = new Map(links.map((link) => [nameOf(link), link.state]));
  return [
    ...jobs.map(({ queue, sourceId, state }) =>
      unexplained(
        `${queue} ${sourceId}`,
        'no live job for a settled record',
        `a job is ${state}, the record ${stateOf.get(`${queue.split('/')[1]} ${sourceId}`) ?? 'unknown'}`,
      ),
    ),
    // What is in doubt of a dead letter is looked up when it is sent again.
    ...intents
      .filter((intent) => stateOf.get(nameOf(intent)) !== 'dead')
      .map((intent) =>
        unexplained(
          nameOf(intent),
          'no intent is left',
          `one stands, and the record is ${stateOf.get(nameOf(intent)) ?? 'unknown'}`,
        ),
      ),
  ];
}

/** A record is created once, unless it was removed in between; and what runs counted is what history tells. */
function countsAddUp({ history, counts }: Tables): Finding[] {
  const perRecord = [...Map.groupBy(history, nameOf)].flatMap(([name, events]) => {
    const created = events.filter(({ event }) => event === 'created').length;
    const removed = events.filter(({ event }) => event === 'removed').length;
    return created <= removed + 1
      ? []
      : [unexplained(name, 'created once', `history tells of ${created} creates and ${removed} removals`)];
  });
  const told = (event: string): number => history.filter((entry) => entry.event === event).length;
  const perEvent = (['created', 'updated', 'removed'] as const).flatMap((event) =>
    told(event) === counts[event]
      ? []
      : [
          unexplained(
            'the runs',
            `${told(event)} ${event}, as history tells`,
            `the runs counted ${counts[event]}`,
          ),
        ],
  );
  return [...perRecord, ...perEvent];
}

const limit = /too_many|rate_limit|429/;

/** A system that says "too many requests" uses up no attempt of a record. */
function limitsAreNoAttempts({ history }: Tables): Finding[] {
  const counted = (entry: Event): boolean =>
    (entry.event === 'retrying' || entry.event === 'dead') && limit.test(entry.code ?? '');
  return history
    .filter(counted)
    .map((entry) =>
      unexplained(nameOf(entry), 'a rate limit uses up no attempt', `${entry.event} with ${entry.code}`),
    );
}
