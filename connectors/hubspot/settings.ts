import { z } from 'zod';

const propertyNames = z.array(z.string().min(1));

/**
 * Settings of a HubSpot connection. Each number may also come as text, because that is what an environment
 * variable gives.
 */
export const hubspotSettings = z.strictObject({
  /** Access token of a private app. */
  token: z.string().min(1),
  baseUrl: z.url().default('https://api.hubapi.com'),
  /** `v3`, or a dated version such as `2026-03`. */
  pathVersion: z
    .string()
    .regex(/^(v3|\d{4}-\d{2})$/, 'is "v3" or a dated version such as "2026-03"')
    .default('v3'),
  /**
   * Seconds re-read behind the watermark. HubSpot states no bound for the lag of its search index ("a few
   * moments"); a change that shows up in the index later than `overlapSeconds + settledSeconds` after its stamp
   * would be missed.
   */
  overlapSeconds: z.coerce.number().int().min(0).default(60),
  /** The last seconds before now that are not read yet: a deal and its lines are saved by several requests. */
  settledSeconds: z.coerce.number().int().min(0).default(15),
  /** HubSpot allows 5 searches a second for the whole account, whoever makes them. */
  searchesPerSecond: z.coerce.number().int().positive().default(4),
  /** HubSpot allows a private app 100 requests in 10 seconds on the smaller plans, 190 on the larger. */
  requestsPerTenSeconds: z.coerce.number().int().positive().default(90),
  /** The app's client secret, with which HubSpot signs webhooks. Without it, webhooks are refused. */
  webhookSecret: z.string().min(1).optional(),
  /**
   * The oldest signature that is taken. `v1` is what private apps are documented to send; it holds no time and no
   * address, so that whoever once saw a request can send it again: a hint more, and nothing worse.
   */
  webhookSignature: z.enum(['v3', 'v1']).default('v3'),
  /** Properties to read beside the ones that are read anyway, by object: see the README. */
  properties: z.record(z.string().min(1), propertyNames).default({}),
});

export type HubSpotSettings = z.output<typeof hubspotSettings>;
