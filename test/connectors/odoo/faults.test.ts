import { describe, expect, it } from 'vitest';
import { classify } from '../../../connectors/odoo/faults.ts';
import type { Fault } from '../../../src/connector/fault.ts';
import type { HttpReply } from '../../../src/connector/http.ts';
import { asJson2, asJsonRpc, canary, fromTheFront, recorded } from './recorded-errors.ts';

const now = new Date('2026-03-01T12:00:00Z');

type Sent = {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
};

function judged(sent: unknown, writes = true): Fault {
  const { status, body = null, text = null, headers = {} } = sent as Sent;
  const reply: HttpReply = { status, headers, body, text: body === null ? (text ?? '') : null };
  return classify(reply, { writes, now });
}

const wait = (header: string): number | null =>
  judged({ status: 429, headers: { 'retry-after': header }, text: '' }).retryAfterMs;

describe('the faults of Odoo', () => {
  it.each(recorded.map((error) => [error.name, error] as const))(
    'take %s for what it is, over both protocols',
    (_name, error) => {
      const faults = [judged(asJson2(error)), judged(asJsonRpc(error))];
      expect(faults.map(({ kind }) => kind)).toEqual([error.kind, error.kind]);
      expect(faults[0]?.code).toBe(faults[1]?.code);
      expect(faults[0]?.code).toMatch(/^odoo_[a-z0-9_]+$/);
    },
  );

  it.each(fromTheFront.map((error) => [error.name, error] as const))(
    'take %s for what it is',
    (_name, error) => {
      expect(judged(error.answer).kind).toBe(error.kind);
    },
  );

  it.each([500, 502, 504, 524])('know that a read answered with %i can be tried again', (status) => {
    expect(judged({ status, text: 'oops' }, false).kind).toBe('transient');
  });

  it('never show a traceback, nor a path of the server', () => {
    for (const error of recorded) {
      for (const fault of [judged(asJson2(error)), judged(asJsonRpc(error))]) {
        expect(fault.message).not.toContain(canary);
        expect(fault.message).not.toMatch(/Traceback|\n/);
      }
    }
  });

  it("show Odoo's own sentence where it helps", () => {
    const refusal = recorded.find(({ name }) => name === 'a refusal by the business rules');
    expect(judged(asJson2(refusal!)).message).toBe(
      'Odoo refused the record: You can not delete a sent quotation or a confirmed sales order. You must first cancel it.',
    );
  });

  it.each([
    'You cannot add/modify entries prior to and inclusive of the lock date 12/31/2025.',
    'You cannot add/modify entries prior to and inclusive of: Hard Lock Date (12/31/2025).',
  ])('give a closed period a cause of its own: %s', (message) => {
    const fault = judged(asJson2({ exception: 'odoo.exceptions.UserError', message, status: 422 }));
    expect([fault.kind, fault.code]).toEqual(['invalid_record', 'odoo_period_closed']);
  });

  it('name a session that has ended by its code alone', () => {
    const body = { jsonrpc: '2.0', id: 1, error: { code: 100, message: 'Odoo Session Expired', data: {} } };
    expect(judged({ status: 200, body }).kind).toBe('auth');
  });

  it('pass on how long to wait, whether in seconds or as a date', () => {
    expect([wait('3'), wait('Sun, 01 Mar 2026 12:00:05 GMT'), wait('soon')]).toEqual([3000, 5000, null]);
  });
});
