import { hash } from 'node:crypto';
import type { SourceText } from '../../errors/source-text.ts';
import { didYouMean } from '../../errors/suggestion.ts';
import type { Mapping } from '../mapping.ts';
import { compileRule } from '../rule.ts';
import { type Program, runProgram } from '../run.ts';
import { compileValueMaps, type ValueFile } from '../value-map.ts';
import { type AnswerRead, answerReads } from './as-flow.ts';
import type { Answer, Lookup, LookupEnding, Question } from './lookup.ts';
import type { LookupDeclaration } from './lookup-declaration.ts';
import { type Around, compileQuestions } from './questions.ts';
import { checkAnswers } from './check-answers.ts';
import { compileReplyLines } from './reply-lines.ts';
import { answersAsRecord, cutOf, replyOf } from './reply.ts';
import { fallbackOf, timesOf } from './times.ts';

/** A lookup with what it was compiled to, so that its cases can say what they left untouched. */
export type CompiledLookup = Lookup & {
  readonly program: Program;
  /** The entries of its value maps, by name. */
  readonly valueMaps: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The value files that it uses, as they were read. */
  readonly valueFiles: readonly SourceText[];
};

/**
 * Compiles a declared lookup. Everything wrong is reported; one with anything reported must not be asked. Null when it
 * uses a value file that has problems of its own.
 */
export function compileLookup(
  { declared, unclear }: { readonly declared: LookupDeclaration; readonly unclear: readonly string[] },
  file: SourceText,
  valueFiles: readonly ValueFile[],
  around: Around,
): CompiledLookup | null {
  const { report } = around;
  const valueMaps = compileValueMaps(declared.value_maps ?? {}, folderOf(file), valueFiles, report);
  const reads = answerReads(declared);
  const questions = compileQuestions(declared, reads, unclear, around);
  checkQuestionsRead(declared, reads, unclear, around);
  checkAnswers(declared, null, report);
  const program = compileProgram(declared, { valueMaps, report, mayAskNow: true });
  const times = timesOf(declared, report);
  const fallback = fallbackOf(declared, times, report);
  if ([...valueMaps.values()].includes(null)) return null;
  const used = [...valueMaps.values()].flatMap((map) => map?.file ?? []);
  return {
    name: declared.lookup,
    about: declared.about ?? '',
    file: file.path,
    text: file.text,
    valueFiles: used.map(({ path, text }) => ({ path, text })),
    hash: hash('sha256', JSON.stringify([file.text, ...used.map(({ path, text }) => [path, text])])),
    questions,
    ask: declared.take ?? 'all',
    ...times,
    fallback,
    flows: flowsOf(questions, around),
    reads: once(reads),
    program,
    valueMaps: new Map([...valueMaps].map(([name, map]) => [name, map?.entries ?? new Map()])),
    run: (answers, given) => run(program, reads, answers, given.now),
  };
}

function once(reads: readonly AnswerRead[]): Lookup['reads'] {
  const all = reads.map(({ into, question, field }) => ({ into, question, field }));
  return [...new Map(all.map((read) => [JSON.stringify(read), read])).values()];
}

/** Value files are named from the folder of the mappings, where the flows find them as well. */
const folderOf = ({ path }: SourceText): string => path.replace(/lookups[/\\](?=[^/\\]*$)/, '');

function compileProgram(
  declared: LookupDeclaration,
  around: Parameters<typeof compileReplyLines>[2],
): Program {
  const { fields, lines = {} } = declared;
  if (Object.keys(fields).length + Object.keys(lines).length === 0)
    around.report('mapping_missing_key', '`fields` has no rules', ['fields'], 'key');
  for (const name of Object.keys(lines)) {
    if (Object.hasOwn(fields, name))
      around.report(
        'mapping_conflict',
        `\`${name}\` stands under \`fields\` and under \`lines\``,
        ['lines', name],
        'key',
      );
  }
  const rules = Object.entries(fields).map(([field, rule]) =>
    compileRule(field, rule, ['fields', field], { ...around, standpoint: 'record' }),
  );
  const lists = Object.entries(lines).map(([name, each]) => compileReplyLines(name, each, around));
  return {
    onlyWhen: null,
    rules: rules.filter((rule) => rule !== null),
    lines: lists.filter((each) => each !== null),
    createOnly: [],
    updateOnly: [],
  };
}

function run(
  program: Program,
  reads: readonly AnswerRead[],
  answers: { readonly [question: string]: Answer },
  now: string,
): LookupEnding {
  const ending = runProgram(program, answersAsRecord(answers), { linked: () => null, now });
  if (ending.kind === 'rejected') return ending;
  if (ending.kind !== 'record') throw new Error(`a lookup ended as ${ending.kind}`);
  return { kind: 'reply', reply: replyOf(program, ending), cut: cutOf(reads, answers) };
}

/** A path that begins with no question: the name of one has a slip in it, or was left out. */
function checkQuestionsRead(
  { ask }: LookupDeclaration,
  reads: readonly AnswerRead[],
  unclear: readonly string[],
  { report }: Around,
): void {
  const names = [...Object.keys(ask), ...unclear];
  for (const { question, read } of reads) {
    if (question === '' || names.includes(question)) continue;
    const [first = 'customer'] = names;
    const hint =
      didYouMean(question, names) ||
      `; a path begins with the name of a question, such as \`${first}.${question}\``;
    report(
      'lookup_unknown_question',
      `there is no question \`${question}\`${hint}`,
      read.at,
      'value',
      read.within,
    );
  }
}

/** The flows whose deliveries change the answers: those of the links, and those that write what is asked for. */
function flowsOf(questions: readonly Question[], { flows }: Around): string[] {
  const linked = questions.flatMap((one) =>
    one.kind === 'record' && one.find.by === 'link' ? one.find.flow : [],
  );
  const writing = flows.filter(({ read, write }) =>
    questions.some(({ side, connection, entity }) =>
      side === 'sink'
        ? write.to === connection && write.entity === entity
        : read.from === connection && read.entity === entity,
    ),
  );
  return [...new Set([...linked, ...writing.map(({ flow }: Pick<Mapping, 'flow'>) => flow)])].sort();
}
