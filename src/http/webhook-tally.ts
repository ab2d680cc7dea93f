/** What has come in by webhooks at this process since it started, by connection. */
export type WebhookTally = {
  taken(
    connection: string,
    what: { readonly hints: number; readonly ignored: { readonly [what: string]: number } },
  ): void;
  refused(connection: string, why: string): void;
  counts(): {
    readonly events: readonly {
      readonly connection: string;
      readonly what: string;
      readonly count: number;
    }[];
    readonly refused: readonly {
      readonly connection: string;
      readonly why: string;
      readonly count: number;
    }[];
  };
};

/** No more kinds of events are told apart than this: a name comes from outside. */
const mostKinds = 100;

export function webhookTally(): WebhookTally {
  const events = new Map<string, Map<string, number>>();
  const refusals = new Map<string, Map<string, number>>();
  const add = (where: typeof events, connection: string, what: string, count: number): void => {
    const own = where.get(connection) ?? new Map<string, number>();
    where.set(connection, own);
    const known = own.has(what) || own.size < mostKinds ? what : 'other';
    own.set(known, (own.get(known) ?? 0) + count);
  };
  const listed = (where: typeof events) =>
    [...where].flatMap(([connection, own]) => [...own].map(([what, count]) => ({ connection, what, count })));
  return {
    taken(connection, { hints, ignored }) {
      add(events, connection, 'hint', hints);
      for (const [what, count] of Object.entries(ignored)) add(events, connection, `ignored ${what}`, count);
    },
    refused: (connection, why) => add(refusals, connection, why, 1),
    counts: () => ({
      events: listed(events),
      refused: listed(refusals).map(({ connection, what, count }) => ({ connection, why: what, count })),
    }),
  };
}
