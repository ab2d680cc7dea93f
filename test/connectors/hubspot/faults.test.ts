import { describe, expect, it } from 'vitest';
import { classify } from '../../../connectors/hubspot/faults.ts';

const reply = (status: number, body: unknown = null, headers: { [name: string]: string } = {}) => ({
  status,
  headers,
  body,
  text: body === null ? '' : null,
});

const limited = (
  policyName: string | null,
  message = 'Too many requests',
  headers: { [name: string]: string } = {},
) => classify(reply(429, { status: 'error', message, policyName, errorType: 'RATE_LIMIT' }, headers));

describe('HubSpot faults', () => {
  it.each([
    400, 401, 402, 403, 404, 405, 409, 413, 414, 415, 418, 423, 429, 477, 500, 502, 503, 504, 521, 522, 523,
    524, 525, 526, 302,
  ])('gives a kind, a code and a sentence for a bare %i', (status) => {
    const fault = classify(reply(status));
    expect(fault.code).toMatch(/^hubspot_[a-z_]+$/);
    expect(fault.message).toMatch(new RegExp(`^HubSpot .*${status}.*\\.$`));
  });

  it('quotes the correlation id, which HubSpot support asks for', () => {
    const fault = classify(reply(500, { status: 'error', message: 'internal', correlationId: 'aeb5f871' }));
    expect(fault.message).toBe('HubSpot is not available (500, correlation id aeb5f871): internal');
  });

  it('waits ten seconds for the rolling limit, one for the searches, and an hour for the daily count', () => {
    expect(limited('TEN_SECONDLY_ROLLING').retryAfterMs).toBe(10_000);
    expect(limited('SECONDLY').retryAfterMs).toBe(1000);
    expect(limited(null, 'You have reached your secondly limit.').retryAfterMs).toBe(1000);
    expect(limited(null, 'You have reached your ten_secondly_rolling limit.').retryAfterMs).toBe(10_000);
    expect(limited('DAILY').retryAfterMs).toBe(3_600_000);
    expect(limited(null, 'You have reached your daily limit.').code).toBe('hubspot_daily_limit');
  });

  it('believes a header more than its table, but not the ten-second interval when the daily count is used up', () => {
    const interval = { 'x-hubspot-ratelimit-interval-milliseconds': '4000' };
    expect(limited('TEN_SECONDLY_ROLLING', '', interval).retryAfterMs).toBe(4000);
    expect(limited('TEN_SECONDLY_ROLLING', '', { ...interval, 'retry-after': '7' }).retryAfterMs).toBe(7000);
    expect(limited('DAILY', '', interval).retryAfterMs).toBe(3_600_000);
    expect(limited('SECONDLY', '', { 'retry-after': 'soon' }).retryAfterMs).toBe(1000);
  });

  it('takes an object type that HubSpot does not know for a matter of the settings', () => {
    const fault = classify(reply(400, { status: 'error', message: 'Unable to infer object type from: 2-9' }));
    expect(fault).toMatchObject({ kind: 'config', code: 'hubspot_unknown_entity', fields: [] });
    expect(fault.message).toBe(
      'HubSpot does not have this object any more (400): Unable to infer object type from: 2-9',
    );
  });

  it('waits two seconds for a lock, and as long as HubSpot asks while it migrates the account', () => {
    expect(classify(reply(423)).retryAfterMs).toBe(2000);
    expect(classify(reply(477, null, { 'retry-after': '86400' })).retryAfterMs).toBe(86_400_000);
    expect(classify(reply(503, null, { 'retry-after': '30' })).retryAfterMs).toBe(30_000);
    expect(classify(reply(503)).retryAfterMs).toBeNull();
  });

  it('names the fields at fault from the list of errors', () => {
    const body = {
      status: 'error',
      message: 'Property values were not valid',
      errors: [
        {
          message: 'discount was not a valid number',
          code: 'INVALID_INTEGER',
          context: { propertyName: ['discount'] },
        },
        { message: 'no such option', context: { propertyName: ['stage', 'pipeline'] } },
      ],
      category: 'VALIDATION_ERROR',
    };
    const fault = classify(reply(400, body));
    expect(fault.kind).toBe('invalid_record');
    expect(fault.fields).toEqual([
      { field: 'discount', message: 'discount was not a valid number' },
      { field: 'stage', message: 'no such option' },
      { field: 'pipeline', message: 'no such option' },
    ]);
  });

  it('names the fields at fault from the JSON inside the message, when that is all there is', () => {
    const listed = [
      {
        isValid: false,
        message: 'Property "erp_number" does not exist',
        error: 'PROPERTY_DOESNT_EXIST',
        name: 'erp_number',
      },
    ];
    const fault = classify(
      reply(400, { message: `Property values were not valid: ${JSON.stringify(listed)}` }),
    );
    expect(fault.fields).toEqual([{ field: 'erp_number', message: 'Property "erp_number" does not exist' }]);
    expect(classify(reply(400, { message: 'An array [of sorts' })).fields).toEqual([]);
  });

  it('names the scopes that the private app lacks', () => {
    const body = {
      category: 'MISSING_SCOPES',
      errors: [{ message: 'x', context: { requiredGranularScopes: ['crm.objects.deals.read'] } }],
    };
    expect(classify(reply(403, body)).message).toContain('crm.objects.deals.read');
  });

  it('tells a value that another record holds from two writers at one moment', () => {
    const taken = classify(
      reply(409, { message: 'Contact already exists. Existing ID: 1', category: 'CONFLICT' }),
    );
    expect(taken.kind).toBe('invalid_record');
    expect(classify(reply(409, { message: 'Conflict', category: 'CONFLICT' })).kind).toBe('conflict');
  });

  it('blanks the token wherever an answer repeats it, and cuts long texts', () => {
    const body = {
      message: `The token pat-1 is bad. ${'x'.repeat(2000)}`,
      errors: [{ message: 'pat-1?', context: { propertyName: ['f'] } }],
    };
    const fault = classify(reply(400, body), 'pat-1');
    expect(fault.message).not.toContain('pat-1');
    expect(fault.fields).toEqual([{ field: 'f', message: '[secret]?' }]);
    expect(fault.message.length).toBeLessThan(700);
  });

  it('survives any shape of body', () => {
    for (const body of [
      'text',
      5,
      [],
      { errors: 'none' },
      { errors: [{ context: 3 }] },
      { message: { a: 1 } },
      { context: { ids: 5 } },
    ])
      expect(classify(reply(400, body)).kind).toBe('invalid_record');
  });
});
