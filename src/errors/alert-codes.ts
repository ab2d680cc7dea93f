import type { ErrorEntry } from './entry.ts';

/** What an alert can be about; docs/operations.md says when each is raised and when it ends. */
export const alertCodes = {
  freshness_broken: {
    title: 'A flow is further behind than its mapping promises.',
    remedy:
      'Look at `causeway status`: a connection that is closed, a cursor that does not move, or a long queue. What waits is sent by itself.',
    exit: 1,
  },
  cursor_stuck: {
    title: 'Reading of a source does not get on, although its time has come.',
    remedy:
      'Look at `causeway cursor show` and at the log; see whether a `causeway start` runs and reaches the source. Nothing is lost: reading goes on from the cursor.',
    exit: 1,
  },
  dead_letters_growing: {
    title: 'Records of a flow have become dead letters, all for the same cause.',
    remedy:
      'Look at `causeway dead-letters list`, mend the records or the mapping, and send them again with `causeway dead-letters redrive`.',
    exit: 1,
  },
  connection_paused: {
    title: 'Nothing is sent to a system until a person acts.',
    remedy:
      'Look at `causeway status` for the reason; mend the credentials or the settings of the connection in causeway.yaml or in the system itself. It goes on by itself when the system answers well. A pause that a person made ends with `causeway resume`.',
    exit: 1,
  },
  connection_held: {
    title: 'A system has not answered well for some time.',
    remedy:
      'See whether the system is up and can be reached from here. Records wait meanwhile and are sent by themselves when it answers.',
    exit: 1,
  },
  flow_paused: {
    title: 'A flow sends nothing.',
    remedy: 'Look at `causeway status` for the reason; mend it, and let the flow go on.',
    exit: 1,
  },
  mapping_not_loaded: {
    title: 'A mapping file cannot be used as it stands.',
    remedy:
      'Run `causeway check`: it shows the place and what to do. The last good version goes on, where there was one.',
    exit: 1,
  },
  records_forgotten: {
    title: 'Records without a job were found and queued.',
    remedy:
      'They are sent now and nothing is lost; but this must not happen. Please report it, with the log around that time.',
    exit: 1,
  },
  changes_missed: {
    title: 'An audit found changes that no reading had brought.',
    remedy:
      'Send them with `causeway audit FLOW --fix`; then report it, with the log around the time of these changes: reading must bring every change.',
    exit: 1,
  },
} as const satisfies Record<string, ErrorEntry>;
