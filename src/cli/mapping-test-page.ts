import { printProblems } from '../errors/print.ts';
import type { CaseResult } from '../mapping/case/cases.ts';
import type { DiffLine } from '../mapping/case/case-diff.ts';
import { asWritten } from '../mapping/case/case-value.ts';
import type { FlowReport, TestReport } from '../mapping/case/test-files.ts';

/** Colours a text, or leaves it as it is. */
export type Paint = (style: 'red' | 'green' | 'yellow' | 'bold' | 'dim', text: string) => string;

/** What the tests of mappings came to, for a person: each flow, each failure, what is wrong, and what no case touched. */
export function renderReport({ flows, problems }: TestReport, paint: Paint): string {
  const bad = new Set(problems.flatMap(({ at }) => at?.file ?? []));
  const width = Math.max(0, ...flows.map(({ flow }) => flow.length));
  const failures = flows.flatMap(({ cases }) => cases.filter(({ passed }) => !passed));
  const gaps = flows.flatMap((flow) =>
    flow.cases.length === 0 || bad.has(flow.file) ? [] : untouched(flow),
  );
  const parts = [
    flows.map((flow) => `${flow.flow.padEnd(width)}  ${standing(flow, bad, paint)}`).join('\n'),
    ...failures.map((failure) => renderFailure(failure, paint)),
    printProblems(problems).trimEnd(),
    gaps.map((gap) => paint('yellow', gap)).join('\n'),
    summary(flows, problems.length, paint),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function standing(
  { cases, passed, failed, file, tested }: FlowReport,
  bad: Set<string>,
  paint: Paint,
): string {
  if (cases.length > 0) {
    const good = passed === 0 ? '' : paint('green', `${passed} passed`);
    const not = failed === 0 ? '' : paint('red', `${failed} failed`);
    return [good, not].filter((part) => part !== '').join(', ');
  }
  if (bad.has(file)) return paint('red', 'not run: its test file has problems');
  return paint(
    'yellow',
    tested ? `no case of it in ${file}` : `no test file; its cases would stand in ${file}`,
  );
}

function renderFailure({ name, at, diff }: CaseResult, paint: Paint): string {
  const place = `${at.file}:${at.line}:${at.column}`;
  return [`${place}: ${paint('bold', name)}`, ...diff.map((line) => renderLine(line, paint))].join('\n');
}

function renderLine({ mark, name, value, note }: DiffLine, paint: Paint): string {
  const text = `  ${mark} ${name}: ${value}`;
  const coloured = mark === ' ' ? paint('dim', text) : paint(mark === '-' ? 'red' : 'green', text);
  return note === undefined ? coloured : `${coloured}\n      ${paint('dim', note)}`;
}

/** What no case touched is no failure: it is told so that nobody takes it for tested. */
function untouched({ flow, untouched: { fields, rows, branches } }: FlowReport): string[] {
  return [
    ...(fields.length === 0 ? [] : [`${flow}: no case touches ${fields.join(', ')}`]),
    ...branches.map(({ field, when }) => `${flow}: no case takes the branch of ${field}: ${short(when, 70)}`),
    ...rows.map(
      ({ map, total, unused }) =>
        `${flow}: value map ${map}: ${count(unused.length)} of ${count(total)} rows unused: ${firstOf(unused)}`,
    ),
  ];
}

const shownRows = 5;

function firstOf(names: readonly string[]): string {
  const first = names.slice(0, shownRows).map((name) => short(asWritten(name), 30));
  const rest = names.length - first.length;
  return `${first.join(', ')}${rest === 0 ? '' : ` and ${count(rest)} more`}`;
}

const count = (rows: number): string => rows.toLocaleString('en');

const short = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

function summary(flows: readonly FlowReport[], problems: number, paint: Paint): string {
  const total = flows.reduce((sum, { cases }) => sum + cases.length, 0);
  const failed = flows.reduce((sum, flow) => sum + flow.failed, 0);
  const cases =
    total === 0
      ? 'No case was run'
      : failed > 0
        ? `${failed} of ${total} cases failed`
        : total === 1
          ? 'The one case passed'
          : `All ${total} cases passed`;
  const found =
    problems === 0 ? '' : problems === 1 ? '; there is a problem' : `; there are ${problems} problems`;
  return paint(failed + problems > 0 ? 'red' : 'green', `${cases}${found}.`);
}
