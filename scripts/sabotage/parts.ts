import { ofLookups } from './of-lookups.ts';
import { ofMerges } from './of-merges.ts';
import { ofWebhooks } from './of-webhooks.ts';

/** The lines of the table that stand with the part they are about. */
export const ofParts = [...ofWebhooks, ...ofLookups, ...ofMerges];
