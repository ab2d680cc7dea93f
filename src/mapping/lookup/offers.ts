import type { Capabilities } from '../../connector/contract.ts';
import { didYouMean } from '../../errors/suggestion.ts';
import type { Report } from '../report.ts';
import type { Question } from './lookup.ts';
import type { QuestionDeclaration } from './lookup-declaration.ts';

/** What is known of a connection before it is opened. */
export type ConnectionOffer = {
  readonly name: string;
  readonly title: string;
  readonly capabilities: Capabilities;
};

/** A record by its own id is read from a source, where there is one: it gives related records, too. */
export function sideOf(question: QuestionDeclaration, offers: readonly ConnectionOffer[]): Question['side'] {
  const offer = offers.find(({ name }) => name === question.from);
  return question.by_id === true && offer !== undefined && offer.capabilities.source !== null
    ? 'source'
    : 'sink';
}

/** Reports what the connection of a question lacks, with the sentence that says so. */
export function checkOffer(
  name: string,
  question: QuestionDeclaration,
  side: Question['side'],
  { offers, report }: { readonly offers: readonly ConnectionOffer[]; readonly report: Report },
): void {
  const at = ['ask', name];
  const offer = offers.find((one) => one.name === question.from);
  if (offer === undefined) {
    const names = offers.map((one) => one.name);
    const hint =
      didYouMean(question.from, names) || (names.length === 0 ? '' : `; there are ${names.join(', ')}`);
    report('unknown_connection', `there is no connection \`${question.from}\`${hint}`, [...at, 'from']);
    return;
  }
  const { source, sink } = offer.capabilities;
  const searches = question.by_field === undefined ? 'where' : 'by_field';
  if ((question.by_field !== undefined || question.where !== undefined) && sink?.searches !== true)
    report(
      'lacks_capability',
      `${offer.title} cannot be searched by the values of fields; its records are found by their ids`,
      [...at, searches],
      'key',
    );
  else if (question.by_link !== undefined && sink === null)
    report('lacks_capability', `${offer.title} is not written to, so that no link leads there`, [
      ...at,
      'by_link',
    ]);
  if (side === 'source' && source !== null) checkSource(question, offer.title, source, at, report);
  else if (question.with !== undefined)
    report(
      'lacks_capability',
      `${offer.title} nests no related records; ask for them with questions of their own`,
      [...at, 'with'],
      'key',
    );
}

function checkSource(
  { entity, with: related = [] }: QuestionDeclaration,
  title: string,
  source: NonNullable<Capabilities['source']>,
  at: readonly string[],
  report: Report,
): void {
  const known = source.entities[entity] ?? source.otherEntities;
  if (known === null) {
    const names = Object.keys(source.entities);
    report(
      'unknown_entity',
      `${title} does not offer \`${entity}\`${didYouMean(entity, names) || `; it offers ${names.join(', ')}`}`,
      [...at, 'entity'],
    );
    return;
  }
  for (const [index, one] of related.entries()) {
    if (!known.with.includes(one))
      report(
        'unknown_entity',
        `\`${entity}\` cannot be read with \`${one}\`; it can be read with ${known.with.join(', ') || 'nothing else'}`,
        [...at, 'with', index],
      );
  }
}
