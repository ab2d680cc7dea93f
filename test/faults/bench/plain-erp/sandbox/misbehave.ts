import { z } from 'zod';

const answer = z.strictObject({
  status: z.int(),
  body: z.json().optional(),
  text: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
});
const every = z.int().min(1).nullable().default(null);
const ms = z.int().min(0).default(0);

/** How the stand-in misbehaves; the README beside it explains each rule. */
const misbehaviour = z.strictObject({
  loseAnswerEvery: every,
  partialEvery: every,
  partialRows: z.int().min(0).nullable().default(null),
  partialThen: z.enum(['error', 'drop']).default('error'),
  otherOrder: z.boolean().default(false),
  omitOutcomeEvery: every,
  rateLimitEvery: every,
  retryAfterSeconds: z.int().min(0).nullable().default(null),
  rateLimitFor: ms,
  unavailableEvery: every,
  errorIn200Every: every,
  delayMs: ms,
  commitDelayMs: ms,
  indexLagMs: ms,
  downForMs: ms,
  lockedEvery: every,
  closedPeriod: z.strictObject({ field: z.string(), before: z.string() }).nullable().default(null),
  poison: z
    .strictObject({ field: z.string(), contains: z.string().min(1) })
    .nullable()
    .default(null),
  wrongKey: z.boolean().default(false),
  answer: answer.nullable().default(null),
});
type Misbehaviour = z.output<typeof misbehaviour>;
type Rule = keyof Misbehaviour;
type EveryRule = Extract<Rule, `${string}Every`>;

/** The rules in force. A rule with `Every` strikes each nth time since it was set; every strike is counted for good. */
export type Mischief = {
  readonly rules: () => Misbehaviour;
  set(rules: unknown): void;
  /** Whether the rule strikes now, and how often it has struck since it was set; 0 when it does not. */
  strikes(rule: EveryRule): number;
  /** Counts a strike of a rule that has no `Every`. */
  struck(rule: Rule): void;
  /** Whether a rule that lasts for a time is still in force. */
  lasts(rule: 'downForMs' | 'rateLimitFor'): boolean;
  counts(): Readonly<Record<string, number>>;
};

export function mischief(given: unknown, now: () => Date): Mischief {
  let rules = misbehaviour.parse(given);
  let since = now().getTime();
  let chances = new Map<Rule, number>();
  const struckSoFar = new Map<Rule, number>();
  const struck = (rule: Rule): void => void struckSoFar.set(rule, (struckSoFar.get(rule) ?? 0) + 1);
  return {
    rules: () => rules,
    set(next) {
      rules = misbehaviour.parse(next);
      since = now().getTime();
      chances = new Map();
    },
    strikes(rule) {
      const nth = rules[rule];
      if (nth === null) return 0;
      const count = (chances.get(rule) ?? 0) + 1;
      chances.set(rule, count);
      if (count % nth !== 0) return 0;
      struck(rule);
      return count / nth;
    },
    struck,
    lasts(rule) {
      if (now().getTime() >= since + rules[rule]) return false;
      struck(rule);
      return true;
    },
    counts: () => Object.fromEntries(struckSoFar),
  };
}
