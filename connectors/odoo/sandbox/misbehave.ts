import { z } from 'zod';
import { apps } from './apps.ts';
import type { Refusal } from './load.ts';

const answer = z.strictObject({
  status: z.int(),
  body: z.json().optional(),
  text: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
});

const every = z.int().min(1).nullable().default(null);

/** How the stand-in misbehaves; the README beside this file explains each rule. */
const misbehaviour = z.strictObject({
  loseAnswerEvery: every,
  gatewayTimeoutEvery: every,
  refuse: z
    .strictObject({
      oneIn: z.int().min(1),
      field: z.string().nullable().default(null),
      reason: z.string().default('The record was refused'),
    })
    .nullable()
    .default(null),
  serializationFailureEvery: every,
  rateLimitEvery: every,
  retryAfterSeconds: z.int().min(0).nullable().default(null),
  unavailableEvery: every,
  delayMs: z.int().min(0).default(0),
  downForMs: z.int().min(0).default(0),
  wrongPassword: z.boolean().default(false),
  restrictedUser: z.boolean().default(false),
  withoutApps: z.array(z.enum(apps)).default([]),
  withoutJson2: z.boolean().default(false),
  answer: answer.nullable().default(null),
});
type Misbehaviour = z.output<typeof misbehaviour>;

/** Counts calls, so that a rule strikes every nth one from when it was set. */
export type Mischief = {
  readonly rules: Misbehaviour;
  /** True while the server takes no connections. */
  down(now: Date): boolean;
  strikes(
    rule:
      | 'loseAnswerEvery'
      | 'gatewayTimeoutEvery'
      | 'serializationFailureEvery'
      | 'rateLimitEvery'
      | 'unavailableEvery',
  ): boolean;
  readonly refuses: Refusal;
};

export function mischief(given: unknown, now: Date): Mischief {
  const rules = misbehaviour.parse(given);
  const counts = new Map<string, number>();
  return {
    rules,
    down: (at) => at.getTime() < now.getTime() + rules.downForMs,
    strikes(rule) {
      const nth = rules[rule];
      if (nth === null) return false;
      const count = (counts.get(rule) ?? 0) + 1;
      counts.set(rule, count);
      return count % nth === 0;
    },
    refuses: (externalId) =>
      rules.refuse !== null && hash(externalId) % rules.refuse.oneIn === 0 ? rules.refuse : null,
  };
}

/** FNV-1a: the same external id is refused in every run. */
function hash(text: string): number {
  let value = 2_166_136_261;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return value;
}
