import { ContextLoader } from '../../../src/event/ContextLoader';
import { forwardedDocument } from '../../../src/event/Event';
import { createEvent } from '../../../src/event/EventDocument';
import { eventRdf, RDF_TYPES } from '../../../src/event/eventRdf';
import { eventsIn, parseNotification, readReceived } from '../../../src/event/ReceivedDocument';

// Any use of a JSON-LD processor fails.
jest.mock('jsonld', (): never => {
  throw new Error('jsonld was loaded');
});
jest.mock('jsonld-streaming-parser', (): object => ({
  JsonLdParser: jest.fn((): never => {
    throw new Error('the JSON-LD parser was used');
  }),
}));

const POD = 'https://producer.example/';

describe('Plain JSON data', (): void => {
  it.each([
    JSON.stringify(Array.from({ length: 20_000 }, (_, index): number => index)),
    '{"type":"Doc","id":"urn:a","parts":[{"name":"x","at":"@home"},12345678901234567890,1e400]}',
    '{"a b":1}',
  ])('is published, received and read without a JSON-LD processor (%#).', async(data): Promise<void> => {
    const loader = new ContextLoader();
    const event = await createEvent({ topic: 'a', recipients: [ 'https://a.example/#me' ], sources: [], data }, POD, undefined, loader);
    for (const type of RDF_TYPES) {
      expect([ ...await eventRdf(event, type) ].join('').length).toBeGreaterThan(100);
    }
    const text = forwardedDocument(event, 2);
    const [[ id, statements ]] = eventsIn(await parseNotification(text, 'https://a.example/inbox/', loader));
    const received = await readReceived(text, id, statements, loader);
    expect(received).toMatchObject({ hops: 2, addressees: [ 'https://a.example/#me' ], event: { context: event.context, members: event.members }});
  });
});
