/** The error answers of HubSpot, in the shapes of its documentation (developers.hubspot.com, 2026-03) and of its answers. */
import type { RecordedError } from '../../contract/source.ts';

/** The sandbox's token: some proxies repeat a request's header in their error. */
export const secretInAnswers = 'pat-sandbox-0000';

const correlationId = 'aeb5f871-7f07-4993-9211-075dc63e7cbf';
const limit = (policyName: string, message: string) => ({
  status: 429,
  body: {
    status: 'error',
    message,
    errorType: 'RATE_LIMIT',
    correlationId,
    policyName,
    requestId: correlationId,
  },
});

export const recordedErrors: readonly RecordedError[] = [
  {
    name: 'a refused token',
    kind: 'auth',
    answer: {
      status: 401,
      body: {
        status: 'error',
        message: 'Authentication credentials not found.',
        correlationId,
        category: 'INVALID_AUTHENTICATION',
      },
    },
  },
  {
    name: 'a refused token that the answer repeats',
    kind: 'auth',
    answer: {
      status: 401,
      body: { status: 'error', message: `The token ${secretInAnswers} is not valid`, correlationId },
    },
  },
  {
    name: 'a missing scope',
    kind: 'config',
    answer: {
      status: 403,
      body: {
        status: 'error',
        message: "This app hasn't been granted all required scopes to make this call.",
        correlationId,
        errors: [
          {
            message: 'One or more of the following scopes are required.',
            context: { requiredGranularScopes: ['crm.objects.companies.read'] },
          },
        ],
        category: 'MISSING_SCOPES',
      },
    },
  },
  {
    name: 'the ten-second limit',
    kind: 'rate_limited',
    answer: limit('TEN_SECONDLY_ROLLING', 'You have reached your ten_secondly_rolling limit.'),
  },
  {
    name: 'the daily limit',
    kind: 'rate_limited',
    answer: limit('DAILY', 'You have reached your daily limit.'),
  },
  {
    name: 'the limit of searches, in words alone',
    kind: 'rate_limited',
    answer: {
      status: 429,
      body: { category: 'RATE_LIMITS', message: 'You have reached your secondly limit.' },
    },
  },
  {
    name: 'a lock',
    kind: 'transient',
    answer: { status: 423, body: { status: 'error', message: 'Locked' } },
  },
  {
    name: 'a migration of the account',
    kind: 'rate_limited',
    answer: { status: 477, headers: { 'retry-after': '3600' }, body: { message: 'Migration in progress' } },
  },
  { name: 'a bad gateway without a body', kind: 'transient', answer: { status: 502, text: '' } },
  { name: 'an outage page in HTML', kind: 'transient', answer: { status: 503, text: '<html>Sorry</html>' } },
  { name: 'a time-out at the edge', kind: 'transient', answer: { status: 524, text: 'error code: 524' } },
  {
    name: 'a broken certificate behind the edge',
    kind: 'config',
    answer: { status: 526, text: 'error code: 526' },
  },
  {
    name: 'a page in HTML with status 200',
    kind: 'transient',
    answer: { status: 200, text: '<html>Welcome</html>' },
  },
  { name: 'an answer without results', kind: 'bug', answer: { status: 200, body: { status: 'COMPLETE' } } },
  {
    name: 'a search that was refused',
    kind: 'bug',
    answer: {
      status: 400,
      body: {
        status: 'error',
        message: 'Invalid input JSON on line 1',
        correlationId,
        category: 'VALIDATION_ERROR',
      },
    },
  },
  {
    name: 'a redirect',
    kind: 'config',
    answer: { status: 302, headers: { location: 'https://app.example/' }, text: '' },
  },
];
