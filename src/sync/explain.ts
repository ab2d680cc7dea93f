import { isContinuous } from '../mapping/continuous.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { listConnectionStates, pausedByPerson } from '../store/connection-state.ts';
import { listFlowPauses } from '../store/flow-state.ts';
import { type HistoryReport, readHistory } from '../store/history.ts';
import type { SyncContext } from './context.ts';
import { type Stop, stopsOf } from './next-check.ts';
import { readRecord, type RecordStanding } from './record-state.ts';

/** The whole story of one record: a headline that a salesperson understands, what comes next, and what happened. */
export type Explanation = {
  readonly record: RecordStanding;
  /** What the flow is for, in the words of its mapping file. */
  readonly about: string;
  readonly headline: string;
  readonly next: string;
  readonly history: readonly HistoryReport[];
};

export type ExplainOptions = { readonly nextRun: Date | null; readonly historyLimit: number };

/** Explains where a record stands, or gives null when the source has never shown it. */
export async function explain(
  context: Pick<SyncContext, 'database'>,
  mapping: Mapping,
  sourceId: string,
  options: ExplainOptions,
): Promise<Explanation | null> {
  const record = await readRecord(context.database, mapping, sourceId);
  if (record === null) return null;
  const states = await listConnectionStates(context.database);
  const stops = stopsOf(mapping, states, await listFlowPauses(context.database));
  return {
    record,
    about: mapping.about,
    headline: headline(mapping, record),
    next: next(mapping, record, heldUp(mapping, stops), options.nextRun),
    history: await readHistory(context.database, mapping.flow, sourceId, options.historyLimit),
  };
}

function headline(mapping: Mapping, record: RecordStanding): string {
  const target = `${mapping.write.entity} ${record.targetId ?? ''}`.trim();
  const inErp = record.targetId === null ? 'It is not in the ERP' : `It is ${target} in the ERP`;
  const why = (record.reason ?? 'no reason is known').replace(/\.$/, '');
  switch (record.state) {
    case 'synced':
      return `${inErp}, and the ERP holds its newest state.`;
    case 'pending':
      return `${inErp}${record.targetId === null ? ' yet' : ''}; a change waits to be sent, because ${why}.`;
    case 'sending':
      return `${inErp}${record.targetId === null ? ' yet' : ''}; it is being sent at this moment.`;
    case 'in_doubt':
      return `It may be in the ERP or not, because ${why}. It is looked up by its external key before anything is sent again.`;
    case 'retrying':
      return `${inErp}${record.targetId === null ? ' yet' : ' with an older state'}; sending failed ${times(record.attempts)}: ${why}.`;
    case 'waiting':
      return `${inErp} yet; it ${why}.`;
    case 'skipped':
      return record.code === 'dropped'
        ? `${inErp}; a person has dropped it: ${why}.`
        : `${inErp}; the mapping leaves it out: ${why}.`;
    case 'dead':
      return `${inErp}${record.targetId === null ? '' : ' with an older state'}; it was put aside: ${why}.`;
    case 'removed':
      return `It is no longer carried: ${why}.`;
  }
}

const times = (attempts: number): string => (attempts === 1 ? 'once' : `${attempts} times`);

/** Why nothing is sent of a flow now, when it goes on, and whether that takes a person. */
type HeldUp = { readonly why: string; readonly goesOn: string; readonly byPerson: boolean };

/** What a person has paused goes on when a person resumes it, and everything else by itself. */
function heldUp(mapping: Mapping, stops: readonly Stop[]): HeldUp | null {
  const own = ({ what }: Stop): boolean => what === mapping.flow;
  const sending = stops.filter((stop) => own(stop) || stop.what === mapping.write.to);
  const paused = sending.filter(({ code }) => code === pausedByPerson);
  const [first] = paused.length > 0 ? paused : sending;
  if (first === undefined) return null;
  const why = (stop: Stop): string =>
    `${own(stop) ? `The flow ${stop.what} sends` : `${stop.what} takes`} nothing now (${stop.reason ?? 'no reason is known'})`;
  if (paused.length === 0)
    return { why: why(first), goesOn: 'by itself when that has passed.', byPerson: false };
  const commands = paused.map(({ what }) => `causeway resume ${what}`).join(' and ');
  return {
    why: paused.map(why).join('; '),
    goesOn: `when a person resumes it: ${commands}`,
    byPerson: true,
  };
}

function next(mapping: Mapping, record: RecordStanding, held: HeldUp | null, nextRun: Date | null): string {
  const sent = held?.byPerson === true ? ` ${held.why}; it goes on ${held.goesOn}` : '';
  switch (record.state) {
    case 'synced':
    case 'skipped':
    case 'removed':
      return sent === ''
        ? 'Nothing is to be done. A change in the source is carried by itself.'
        : `Nothing is to be done. A change in the source waits.${sent}`;
    case 'sending':
      return 'Look again in a few seconds.';
    case 'dead':
      return `Mend the record in the source, and it is sent by itself; or mend the mapping and run: causeway dead-letters redrive ${mapping.flow} --id ${record.sourceId}${sent === '' ? '' : `.${sent}`}`;
    case 'waiting':
      return `${parentsOf(record)} It goes on by itself when that record arrives.${sent}`;
    case 'in_doubt':
    case 'pending':
    case 'retrying':
      if (record.state === 'pending' && record.code === 'needs_approval')
        return `It goes on when a person has answered; causeway status names the command.${sent}`;
      return goingOn(mapping, record, held, nextRun);
  }
}

const parentsOf = ({ waitingFor }: RecordStanding): string =>
  waitingFor
    .map(
      ({ flow, id, state, reason }) =>
        `${flow} ${id} is ${state ?? 'not seen yet'}${reason === null ? '' : ` (${reason})`}.`,
    )
    .join(' ');

/** When a record is sent, or looked up, that nothing but time is in the way of. */
function goingOn(
  mapping: Mapping,
  record: RecordStanding,
  held: HeldUp | null,
  nextRun: Date | null,
): string {
  const run = isContinuous(mapping)
    ? 'within seconds'
    : nextRun === null
      ? 'when the flow is next run'
      : `with the next run at ${nextRun.toISOString()}`;
  const later =
    record.nextAt !== null && nextRun !== null && record.nextAt > nextRun
      ? `not before ${record.nextAt.toISOString()}`
      : run;
  const inDoubt = record.state === 'in_doubt';
  if (held !== null) return `${held.why}; it ${inDoubt ? 'is looked up' : 'goes on'} ${held.goesOn}`;
  if (!inDoubt) return `It goes on by itself ${later}.`;
  if (record.nextAt !== null && record.nextAt > record.since)
    return `It is looked up again at ${record.nextAt.toISOString()}, or with the first run after that, and goes on by itself.`;
  return `It is looked up ${run}, and goes on by itself.`;
}
