import type { Change } from '../../src/connector/contract.ts';
import type { HubSpotClient } from './client.ts';
import type { Window } from './cursor.ts';
import type { Entities } from './entities.ts';
import type { Properties } from './properties.ts';
import type { HubSpotSettings } from './settings.ts';

/** One HubSpot account, as every part of the source sees it. */
export type Account = {
  readonly client: HubSpotClient;
  readonly entities: Entities;
  readonly properties: Properties;
  readonly settings: HubSpotSettings;
};

/** What one request of a catch-up gave: `last` is null when its phase is finished. */
export type Step = {
  readonly changes: readonly Change[];
  readonly last: string | null;
  readonly window: Window;
  readonly total: number | null;
};
