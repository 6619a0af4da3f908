import { Parser, Store } from 'n3';
import { WRITE_LDES } from '../../../../src/http/ldes/ldesDocument';
import type { RetentionLimits } from '../../../../src/http/ldes/ports';
import { Retention } from '../../../../src/server/Retention';

const STREAM = 'http://localhost/producer/publish/?ldes';
const LDES = 'https://w3id.org/ldes#';

async function policyOf(retention: RetentionLimits): Promise<Record<string, string> | undefined> {
  const document = { stream: STREAM, view: `${STREAM}&page=1`, retention };
  const text = await WRITE_LDES.run({ document, type: 'text/turtle' }, undefined as never);
  const store = new Store(new Parser().parse(text));
  const policy = store.getObjects(`${STREAM}&page=1`, `${LDES}retentionPolicy`, null).at(0);
  return policy && Object.fromEntries(store.getQuads(policy, null, null, null)
    .map(({ predicate, object }): [string, string] => [ predicate.value.replace(/^.*#/u, ''), object.value.replace(/^.*#/u, '') ]));
}

describe('The retention policy of an event stream', (): void => {
  it.each([
    [ 0, 0, undefined ],
    [ 30, 0, { type: 'RetentionPolicy', fullLogDuration: 'P30D' }],
    [ 0.5, 0, { type: 'RetentionPolicy', fullLogDuration: 'PT43200S' }],
    [ 0, 1_000, { type: 'RetentionPolicy', maxEvents: '1000' }],
    [ 7, 5, { type: 'RetentionPolicy', fullLogDuration: 'P7D', maxEvents: '5' }],
  ])('states the configured limits of %s days and %i events.', async(maxAge, maxEvents, expected): Promise<void> => {
    expect(await policyOf(new Retention(undefined as never, maxAge, maxEvents).limits())).toEqual(expected);
  });
});
