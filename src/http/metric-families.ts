import { pushQueue, writeBackQueue } from '../queue/names.ts';
import { brokenSince, lagSeconds, secondsSince } from '../sync/alert-facts.ts';
import type { Family, Sample } from '../telemetry/exposition.ts';
import { lookupFamilies } from './lookup-families.ts';
import type { Collected, MetricsParts } from './metrics.ts';

/** States of records that are counted. Those that are settled well may be millions, and tell nobody to act. */
const troubledStates = ['waiting', 'retrying', 'in_doubt', 'dead'];

/**
 * Everything that `/metrics` tells; docs/operations.md lists it. Ages are of the moment of the scrape, also where the
 * database has not answered for a while, so that they go on growing.
 */
export function metricFamilies(parts: MetricsParts, known: Collected | null, answers: boolean): Family[] {
  const now = parts.now();
  return [
    ...processFamilies(parts, known, answers, now),
    ...lookupFamilies(parts.lookups),
    ...(known === null ? [] : [...flowFamilies(known, now), ...otherFamilies(known, now)]),
  ];
}

const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name,
  help,
  type: 'gauge',
  samples,
});

function processFamilies(
  parts: MetricsParts,
  known: Collected | null,
  answers: boolean,
  now: Date,
): Family[] {
  const { problems } = parts.own();
  const build = { version: parts.version, node: process.versions.node };
  return [
    gauge('causeway_build_info', 'The version that runs; always 1.', [{ labels: build, value: 1 }]),
    gauge('causeway_database_up', '1 when the database answered the newest question in time.', [
      { value: Number(answers) },
    ]),
    gauge(
      'causeway_facts_age_seconds',
      'How old what the database said is; everything but process counters comes from it.',
      known === null ? [] : [{ value: secondsSince(known.at, now) }],
    ),
    gauge('causeway_mapping_problems', 'Problems of the mapping files that this process sees.', [
      { value: problems.length },
    ]),
    {
      name: 'causeway_records_total',
      help: 'What this process has done with records since it started, by outcome.',
      type: 'counter',
      samples: parts.tally
        .counts(parts.mappings().map(({ flow }) => flow))
        .map(({ flow, outcome, count }) => ({ labels: { flow, outcome }, value: count })),
    },
    ...webhookFamilies(parts),
  ];
}

function webhookFamilies({ webhooks }: MetricsParts): Family[] {
  const { events, refused } = webhooks.counts();
  return [
    {
      name: 'causeway_webhook_events_total',
      help: 'Events of webhooks that this process has taken: hints, and those that speak of nothing that is read.',
      type: 'counter',
      samples: events.map(({ connection, what, count }) => ({ labels: { connection, what }, value: count })),
    },
    {
      name: 'causeway_webhooks_refused_total',
      help: 'Webhooks that this process has refused, and why.',
      type: 'counter',
      samples: refused.map(({ connection, why, count }) => ({ labels: { connection, why }, value: count })),
    },
  ];
}

function flowFamilies({ facts, queues, troubled }: Collected, now: Date): Family[] {
  const { flows } = facts;
  const promising = flows.filter(({ freshnessSeconds }) => freshnessSeconds !== null);
  const ofFlow = (flow: string, value: number): Sample => ({ labels: { flow }, value });
  const sizes = flows.flatMap(({ flow }) =>
    [
      ['push', pushQueue(flow)],
      ['write_back', writeBackQueue(flow)],
    ].flatMap(([queue = '', name]) => {
      const size = queues.find((candidate) => candidate.queue === name);
      return (['queued', 'active'] as const).map((state) => ({
        labels: { flow, queue, state },
        value: size?.[state] ?? 0,
      }));
    }),
  );
  const counts = flows.flatMap(({ flow }) =>
    troubledStates.map((state) => ({
      labels: { flow, state },
      value: troubled.find((one) => one.flow === flow && one.state === state)?.count ?? 0,
    })),
  );
  return [
    gauge(
      'causeway_flow_lag_seconds',
      'How long the oldest change of the flow has been waiting to be settled; 0 when none waits.',
      flows.map((flow) => ofFlow(flow.flow, lagSeconds(flow, now))),
    ),
    gauge(
      'causeway_flow_freshness_seconds',
      'The freshness that the mapping promises.',
      promising.map(({ flow, freshnessSeconds }) => ofFlow(flow, freshnessSeconds ?? 0)),
    ),
    gauge(
      'causeway_flow_freshness_kept',
      '1 while the flow keeps the freshness that its mapping promises, 0 when it is broken.',
      promising.map((flow) => ofFlow(flow.flow, Number(brokenSince(flow, now) === null))),
    ),
    gauge(
      'causeway_flow_paused',
      '1 while the flow is paused.',
      flows.map(({ flow }) => ofFlow(flow, Number(facts.pauses.some((pause) => pause.flow === flow)))),
    ),
    gauge('causeway_queue_jobs', 'Jobs of the flow by queue and state, a few seconds old.', sizes),
    gauge('causeway_flow_records', 'Records of the flow that are not settled well, by state.', counts),
  ];
}

function otherFamilies({ facts, alerts, notices, hints }: Collected, now: Date): Family[] {
  const states = ['up', 'held', 'paused'] as const;
  return [
    gauge(
      'causeway_cursor_age_seconds',
      'How long ago everything in the source had been read.',
      facts.cursors.flatMap(({ connection, entity, caughtUpAt }) =>
        caughtUpAt === null ? [] : [{ labels: { connection, entity }, value: secondsSince(caughtUpAt, now) }],
      ),
    ),
    gauge(
      'causeway_connection_state',
      '1 for the state that the connection is in, 0 for the others.',
      facts.connections.flatMap(({ connection, state }) =>
        states.map((one) => ({ labels: { connection, state: one }, value: Number(one === state) })),
      ),
    ),
    gauge(
      'causeway_hints_waiting',
      'Records that webhooks have named and that are still to be read.',
      hints.map(({ connection, count }) => ({ labels: { connection }, value: count })),
    ),
    gauge(
      'causeway_hint_oldest_seconds',
      'How long the oldest of them has been waiting.',
      hints.map(({ connection, oldest }) => ({ labels: { connection }, value: secondsSince(oldest, now) })),
    ),
    gauge(
      'causeway_alerts_open',
      'Alerts that are open, by severity.',
      (['warning', 'critical'] as const).map((severity) => ({
        labels: { severity },
        value: alerts.filter((alert) => alert.severity === severity).length,
      })),
    ),
    gauge(
      'causeway_alert_open',
      '1 for each alert that is open.',
      alerts.map(({ code, subject, severity }) => ({ labels: { code, subject, severity }, value: 1 })),
    ),
    gauge(
      'causeway_alert_notices_waiting',
      'Notices that the receiver of the alert webhook has not taken yet.',
      [{ value: notices.count }],
    ),
  ];
}
