import { DataFolderIdentifierStrategy } from '../../../src/pod/DataFolderIdentifierStrategy';
import { EventStorageDescriber } from '../../../src/pod/EventStorageDescriber';

describe('The folder of the event store', (): void => {
  const strategy = new DataFolderIdentifierStrategy('http://localhost:3000');

  it('is no resource at the root of the server, and nothing special elsewhere.', (): void => {
    expect(strategy.isAuxiliaryIdentifier({ path: 'http://localhost:3000/.events/' })).toBe(true);
    expect(strategy.isAuxiliaryIdentifier({ path: 'http://localhost:3000/alice/.events/' })).toBe(false);
    expect(strategy.isAuxiliaryIdentifier({ path: 'http://localhost:3000/events/' })).toBe(false);
    expect(strategy.getAuxiliaryIdentifiers()).toEqual([]);
    expect(strategy.getSubjectIdentifier()).toEqual({ path: 'http://localhost:3000/' });
  });
});

describe('The description of a storage', (): void => {
  it('tells of the endpoints that there are.', async(): Promise<void> => {
    const describer = new EventStorageDescriber({ publish: 'publish/' });
    const quads = await describer.handle({ path: 'http://localhost/alice/' });
    expect(quads.map(({ subject, predicate, object }): string[] => [ subject.value, predicate.value, object.value ]))
      .toEqual([[ 'http://localhost/alice/', 'https://w3id.org/pod-events#publish', 'http://localhost/alice/publish/' ]]);
  });
});
