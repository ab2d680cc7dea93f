import { createHmac, hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signatureV3 } from '../../../connectors/hubspot/signature.ts';
import type { Read } from '../../../src/connector/webhook.ts';
import { aWebhook, signed, webhookSecret } from './a-webhook.ts';
import { bench, type Bench, never } from './bench.ts';

const everything: Read[] = [
  { entity: 'companies', with: [] },
  { entity: 'contacts', with: ['company'] },
  { entity: 'deals', with: ['company', 'line_items'] },
  { entity: 'products', with: [] },
  { entity: 'tickets', with: [] },
];

const take = (own: Bench, events: unknown, reads = everything) =>
  own.source.receiveWebhook!(signed(own, reads, events));

describe('the signature of HubSpot', () => {
  it('is base64 of an HMAC over method, address, body and time, with twelve escapes of the address decoded', () => {
    const escapes = '%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B';
    const url = `https://x.example/hook?a=${escapes}&b=%3a&c=%26%3D%20%C3%A9`;
    const meant = "https://x.example/hook?a=:/?@!$'()*,;&b=:&c=%26%3D%20%C3%A9";
    const body = Buffer.from('[{"é":1}]');
    const expected = createHmac('sha256', 'secret')
      .update(`POST${meant}[{"é":1}]1700000000000`)
      .digest('base64');
    expect(signatureV3('secret', { method: 'POST', url, body, timestamp: '1700000000000' })).toBe(expected);
  });

  it('is over the bytes as they came, whatever they are', async () => {
    const own = await bench();
    const bytes = Buffer.from([0x5b, 0xff, 0xfe, 0x5d]);
    expect(own.source.receiveWebhook!(signed(own, everything, bytes))).toEqual({
      status: 'refused',
      why: 'malformed',
    });
  });

  it('of version 3 alone counts where there is one, also where version 1 would be good', async () => {
    const own = await bench();
    const source = own.connect({ webhookSignature: 'v1' }).source!;
    const genuine = aWebhook(own, everything[0]!, ['1']);
    const first = hash('sha256', Buffer.concat([Buffer.from(webhookSecret), genuine.body]));
    const both = { ...genuine.headers, 'x-hubspot-signature': first };
    const forged = { ...both, 'x-hubspot-signature-v3': 'AAAA' };
    expect(source.receiveWebhook!({ ...genuine, headers: forged })).toEqual({
      status: 'refused',
      why: 'forged',
    });
    expect(source.receiveWebhook!({ ...genuine, headers: both })).toMatchObject({ status: 'taken' });
  });

  it('of version 1 is taken only where the settings say so, and names no webhook', async () => {
    const own = await bench();
    const genuine = aWebhook(own, everything[0]!, ['1']);
    const headers = {
      'x-hubspot-signature': hash('sha256', Buffer.concat([Buffer.from(webhookSecret), genuine.body])),
    };
    expect(own.source.receiveWebhook!({ ...genuine, headers })).toEqual({
      status: 'refused',
      why: 'unsigned',
    });
    const { receiveWebhook } = own.connect({ webhookSignature: 'v1' }).source!;
    expect(receiveWebhook!({ ...genuine, headers })).toMatchObject({ status: 'taken', once: null });
    const other = { 'x-hubspot-signature': hash('sha256', 'x') };
    expect(receiveWebhook!({ ...genuine, headers: other })).toEqual({ status: 'refused', why: 'forged' });
  });

  it('cannot be judged without the secret', async () => {
    const own = await bench();
    const { receiveWebhook } = own.connect({ webhookSecret: undefined }).source!;
    expect(receiveWebhook!(aWebhook(own, everything[0]!, ['1']))).toEqual({
      status: 'refused',
      why: 'not_configured',
    });
  });
});

describe('the events of HubSpot', () => {
  it('name their records: changed, made, deleted, restored, each once', async () => {
    const own = await bench();
    const events = [
      { subscriptionType: 'company.propertyChange', objectId: 1 },
      { subscriptionType: 'company.propertyChange', objectId: 1 },
      { eventType: 'contact.creation', objectId: '9007199254740993' },
      { subscriptionType: 'deal.deletion', objectId: 3 },
      { subscriptionType: 'product.restore', objectId: 4 },
      { subscriptionType: 'contact.privacyDeletion', objectId: 5 },
      { subscriptionType: 'object.creation', objectTypeId: '0-5', objectId: 6 },
    ];
    expect(take(own, events)).toMatchObject({
      hints: [
        { entity: 'companies', id: '1' },
        { entity: 'contacts', id: '9007199254740993' },
        { entity: 'deals', id: '3' },
        { entity: 'products', id: '4' },
        { entity: 'contacts', id: '5' },
        { entity: 'tickets', id: '6' },
      ],
      ignored: {},
    });
  });

  it('name all records of a merge, and both sides of an association', async () => {
    const own = await bench();
    const events = [
      {
        subscriptionType: 'company.merge',
        objectId: 3,
        primaryObjectId: 1,
        mergedObjectIds: [2],
        newObjectId: 3,
      },
      {
        subscriptionType: 'deal.associationChange',
        associationType: 'DEAL_TO_LINE_ITEM',
        fromObjectId: 10,
        toObjectId: 11,
        associationRemoved: true,
      },
      {
        subscriptionType: 'object.associationChange',
        fromObjectTypeId: '0-1',
        fromObjectId: 12,
        toObjectTypeId: '0-2',
        toObjectId: 13,
      },
    ];
    const taken = take(own, events);
    const named = taken.status === 'taken' ? taken.hints.map(({ entity, id }) => `${entity} ${id}`) : [];
    expect(new Set(named)).toEqual(
      new Set([
        'companies 1',
        'companies 2',
        'companies 3',
        'deals 10',
        'line_items 11',
        'contacts 12',
        'companies 13',
      ]),
    );
  });

  it('that speak of nothing that is read are counted by their kind, whatever they are', async () => {
    const own = await bench();
    const events = [
      { subscriptionType: 'conversation.newMessage', objectId: 1 },
      { subscriptionType: 'conversation.newMessage', objectId: 2 },
      { subscriptionType: 'company.propertyChange' },
      { subscriptionType: '<script>', objectId: 1 },
      { subscriptionType: 'x'.repeat(5000), objectId: 1 },
      { subscriptionType: 'company.propertyChange', objectId: '1; drop table' },
      { subscriptionType: 'object.creation', objectTypeId: '2-99', objectId: 1 },
      7,
      null,
    ];
    expect(take(own, events)).toMatchObject({
      status: 'taken',
      hints: [],
      ignored: {
        'conversation.newMessage': 2,
        'company.propertyChange': 1,
        'object.creation': 1,
        unknown: 1,
        unreadable: 4,
      },
    });
  });

  it('are no text, no number and nothing', async () => {
    const own = await bench();
    for (const content of ['text', 7, null])
      expect(take(own, content)).toEqual({ status: 'refused', why: 'malformed' });
  });

  it('of a line are wanted where deals are read with lines, and lead to the deal of the line', async () => {
    const own = await bench();
    const deal = await own.add('deals', { dealname: 'Won' });
    const line = await own.add('line_items', { name: 'Chai', deal: deal.id });
    const event = [{ subscriptionType: 'line_item.propertyChange', objectId: Number(line.id) }];
    expect(take(own, event, [{ entity: 'deals', with: [] }])).toMatchObject({ hints: [] });
    expect(take(own, event)).toMatchObject({ hints: [{ entity: 'line_items', id: line.id }] });
    const nested = { entity: 'line_items', ids: [line.id], reads: everything, most: 100 };
    expect(await own.source.nestedInto!(nested, never)).toEqual([{ entity: 'deals', id: deal.id }]);
  });

  it('of a company lead to its contacts and deals, and to no more of them than asked for', async () => {
    const own = await bench();
    const company = await own.add('companies', { name: 'Ernst Handel' });
    const contact = await own.add('contacts', { firstname: 'Roland', company: company.id });
    for (const name of ['a', 'b', 'c']) await own.add('deals', { dealname: name, company: company.id });
    const asked = { entity: 'companies', ids: [company.id], reads: everything, most: 2 };
    const found = await own.source.nestedInto!(asked, never);
    expect(found.filter(({ entity }) => entity === 'contacts')).toEqual([
      { entity: 'contacts', id: contact.id },
    ]);
    expect(found.filter(({ entity }) => entity === 'deals')).toHaveLength(2);
  });
});
