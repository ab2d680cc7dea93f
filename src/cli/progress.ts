import { clearScreenDown, moveCursor } from 'node:readline';
import type { Progress } from '../sync/context.ts';

type FlowProgress = {
  read: number;
  queued: number;
  settled: number;
  total: number;
  startedMs: number;
  /** When it last told of something: a flow that has caught up keeps the rate that it had. */
  lastMs: number;
  waiting: string | null;
};

/** What `render` says of one flow at an instant: done, total, rate in records a second, seconds left. */
export type ProgressLine = {
  readonly flow: string;
  readonly done: number;
  readonly total: number;
  readonly perSecond: number;
  readonly secondsLeft: number | null;
  readonly waiting: string | null;
};

export type ProgressBoard = {
  take(progress: Progress): void;
  lines(now: Date): ProgressLine[];
};

/** Adds up what the flows tell. A record that is decided twice (it waited for its parent) raises the total, too. */
export function progressBoard(now: () => Date): ProgressBoard {
  const flows = new Map<string, FlowProgress>();
  const of = (flow: string): FlowProgress => {
    const known = flows.get(flow) ?? {
      read: 0,
      queued: 0,
      settled: 0,
      total: 0,
      startedMs: now().getTime(),
      lastMs: now().getTime(),
      waiting: null,
    };
    flows.set(flow, known);
    return known;
  };
  return {
    take(progress) {
      const flow = of(progress.flow);
      if (progress.kind === 'waiting_until') {
        flow.waiting = `waits until ${progress.until.toISOString().slice(11, 19)}: ${progress.reason}`;
        return;
      }
      flow.waiting = null;
      flow.lastMs = now().getTime();
      if (progress.kind === 'read') {
        flow.read += progress.read;
        flow.queued += progress.queued;
        flow.total = Math.max(flow.total, progress.total ?? 0);
      } else {
        for (const [name, count] of Object.entries(progress.counts))
          if (name !== 'retried') flow.settled += count;
      }
    },
    lines: (at) => [...flows].map(([name, flow]) => lineOf(name, flow, at)),
  };
}

function lineOf(flow: string, progress: FlowProgress, at: Date): ProgressLine {
  const unread = Math.max(0, progress.total - progress.read);
  const total = Math.max(progress.settled, progress.queued + unread);
  const left = total - progress.settled;
  const until = left === 0 ? progress.lastMs : at.getTime();
  const perSecond = (progress.settled * 1000) / Math.max(1, until - progress.startedMs);
  return {
    flow,
    done: progress.settled,
    total,
    perSecond,
    secondsLeft: left === 0 ? 0 : perSecond === 0 ? null : left / perSecond,
    waiting: progress.waiting,
  };
}

const barWidth = 24;

/** One line for a person: `orders  ███████▌ 420/830  310/s  2 s left`. */
export function renderLine(line: ProgressLine, nameWidth: number, finished = 'caught up'): string {
  const share = line.total === 0 ? 1 : line.done / line.total;
  const filled = Math.round(share * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  const left =
    line.waiting ??
    (line.secondsLeft === null
      ? 'starting'
      : line.secondsLeft === 0
        ? finished
        : `${duration(line.secondsLeft)} left`);
  return `  ${line.flow.padEnd(nameWidth)} ${bar} ${`${line.done}/${line.total}`.padStart(13)} ${`${Math.round(line.perSecond)}/s`.padStart(8)}  ${left}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export type ProgressDisplay = { stop(): void };

/**
 * Shows the board while it is filled: redrawn in place on a terminal, otherwise a line for each flow every five
 * seconds while it moves, so that a log of it stays readable. `finished` is the word for a flow that is done.
 */
export function showProgress(
  board: ProgressBoard,
  out: NodeJS.WriteStream,
  now: () => Date,
  finished = 'caught up',
): ProgressDisplay {
  let drawn = 0;
  let last = '';
  const draw = (): void => {
    const lines = board.lines(now());
    const width = Math.max(0, ...lines.map((line) => line.flow.length));
    const text = lines.map((line) => renderLine(line, width, finished));
    if (out.isTTY) {
      if (drawn > 0) moveCursor(out, 0, -drawn);
      clearScreenDown(out);
      out.write(text.map((row) => `${row.slice(0, Math.max(20, out.columns - 1))}\n`).join(''));
      drawn = text.length;
    } else if (text.join('\n') !== last) {
      const moving = text.filter((row) => !last.includes(row));
      out.write(moving.map((row) => `${row}\n`).join(''));
    }
    last = text.join('\n');
  };
  const timer = setInterval(draw, out.isTTY ? 200 : 5000);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      draw();
    },
  };
}
