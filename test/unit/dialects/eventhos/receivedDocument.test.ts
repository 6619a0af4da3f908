import { executionDocument, receivedDocument, receivedItem } from '../../../../src/dialects/eventhos/receivedDocument';
import type { ReceivedOutcome } from '../../../../src/catalogue/PublishedLog';
import type { LoggedEvent } from '../../../../src/catalogue/RequestLog';
import { targetKinds } from '../../../util/kinds';

const kinds = targetKinds();
const POD = 'http://localhost:3000/user/';
const event: LoggedEvent = { id: 'e', topic: 'a/b', published: 0, states: [ 'error', 'processed' ]};
const attempts = [{ at: 0, duration: 1_500, status: 503, reason: 'busy' }, { at: 5_000, duration: 20, reason: 'no answer' }];
const webhook: ReceivedOutcome = {
  published: 1, id: '7', event: 'e', state: 'error', subscription: 's', pattern: 'a/*', kind: 'webhook', url: 'https://hooks.example/in?key=hunter2', attempts,
};
const recipient: ReceivedOutcome = { published: 1, id: '8', event: 'e', state: 'ended', kind: 'recipient', url: 'https://other.example/card?user#me', attempts: []};

describe('What became of an event', (): void => {
  it('is told of a webhook without the secrets of its URL, with what was asked and answered.', (): void => {
    expect(executionDocument(POD, webhook, kinds)).toEqual({
      receivedEventId: 'e',
      detailId: '7',
      state: 'error',
      attempts: 0,
      isAborted: false,
      contractId: 's',
      contractIdentifier: `${POD}subscriptions/s`,
      contractName: 'a/*',
      actionId: 'https://hooks.example/in?****',
      actionIdentifier: 'https://hooks.example/in?****',
      actionName: 'https://hooks.example/in?****',
      actionOperation: 'webhook',
      actionDescription: 'A request to a webhook',
      request: { method: 'POST', url: 'https://hooks.example/in?****' },
      response: { status: null, statusText: 'no answer', startTime: '1970-01-01T00:00:05.000Z', endTime: '1970-01-01T00:00:05.020Z' },
      tries: [
        { status: 503, statusText: 'busy', startTime: '1970-01-01T00:00:00.000Z', endTime: '1970-01-01T00:00:01.500Z' },
        { status: null, statusText: 'no answer', startTime: '1970-01-01T00:00:05.000Z', endTime: '1970-01-01T00:00:05.020Z' },
      ],
    });
  });

  it('is told of a recipient, who has no contract.', (): void => {
    expect(executionDocument(POD, recipient, kinds)).toMatchObject({
      isAborted: true, contractId: null, contractIdentifier: null, contractName: null, actionId: recipient.url, tries: [],
      request: { method: 'POST', url: recipient.url },
      response: { status: null, statusText: 'ended', startTime: '1970-01-01T00:00:00.001Z', endTime: null },
    });
  });

  it('is told of a target of an unknown kind without its URL.', (): void => {
    expect(executionDocument(POD, { ...webhook, kind: 'fax' }, kinds)).toMatchObject({ actionId: '****', actionOperation: 'fax', actionDescription: 'fax' });
  });

  it('is told of a copy, which is not sent.', (): void => {
    expect(executionDocument(POD, { ...recipient, kind: 'copy' }, kinds)).toMatchObject({
      actionId: recipient.url, actionDescription: 'A copy in an inbox of this server', request: { method: 'POST', url: recipient.url },
    });
    const time = '1970-01-01T00:00:00.001Z';
    expect(executionDocument(POD, { ...recipient, kind: 'copy', state: 'processed' }, kinds))
      .toMatchObject({ response: { status: 201, statusText: 'Created', startTime: time, endTime: time }, tries: []});
    expect(executionDocument(POD, { ...recipient, kind: 'copy', state: 'absent' }, kinds))
      .toMatchObject({ response: { status: null, statusText: 'absent', startTime: time, endTime: null }});
  });

  it('has the number of manual retries.', (): void => {
    expect(executionDocument(POD, { ...webhook, isRepeated: true }, kinds)).toMatchObject({ attempts: 1 });
  });

  it('is listed with the event.', (): void => {
    const document = receivedDocument(POD, { event, outcomes: [ webhook, recipient ]}, kinds) as any;
    expect(document.executedEventContracts.map(({ detailId, state }: any): string[] => [ detailId, state ])).toEqual([[ '7', 'error' ], [ '8', 'ended' ]]);
    expect(document.receivedEvent).toMatchObject({ id: 'e', eventId: null, received_request: {}});
    expect(JSON.stringify(document)).not.toContain('hunter2');
    expect(receivedItem({ ...event, states: []})).toMatchObject({ state: [ null ]});
    expect(receivedItem(event)).toMatchObject({ id: 'e', state: [ 'error', 'processed' ], received_request: null });
  });
});
