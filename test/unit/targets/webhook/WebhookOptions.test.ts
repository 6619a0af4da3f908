import { InvalidInput } from '../../../../src/event/InvalidInput';
import { modeOf, WebhookOptions } from '../../../../src/targets/webhook/WebhookOptions';

const options = new WebhookOptions();
const parse = (values: Readonly<Record<string, unknown>>): unknown => options.parse(values);

describe('The options of a webhook', (): void => {
  it('are a mode, and limits of batches.', (): void => {
    const batch = { maxEvents: 100, maxWaitMs: 60_000 };
    expect(parse({ mode: 'binary' })).toEqual({ settings: '{"mode":"binary"}' });
    expect(parse({ mode: 'structured' })).toEqual({ settings: '{"mode":"structured"}' });
    expect(parse({ batch })).toEqual({ settings: `{"mode":"structured","batch":${JSON.stringify(batch)}}`, batch });
    expect(parse({ batch: { maxEvents: 1, maxWaitMs: 0 }, mode: 'structured' })).toMatchObject({ batch: { maxEvents: 1, maxWaitMs: 0 }});
    expect(parse({ batch: null, mode: 'binary' })).toEqual({ settings: '{"mode":"binary"}' });
    expect(options.members(`{"mode":"structured","batch":${JSON.stringify(batch)}}`)).toEqual({ mode: 'structured', batch });
    expect([ modeOf(null), modeOf('{"mode":"binary"}') ]).toEqual([ 'structured', 'binary' ]);
  });

  it.each([
    { mode: 'batched' }, { mode: null }, { mode: 1 }, { mode: [ 'binary' ]}, { mode: 'Binary' },
    { batch: 5 }, { batch: true }, { batch: []}, { batch: {}}, { batch: { maxEvents: 10 }}, { batch: { maxWaitMs: 10 }},
    { batch: { maxEvents: 0, maxWaitMs: 0 }}, { batch: { maxEvents: 101, maxWaitMs: 0 }}, { batch: { maxEvents: 1.5, maxWaitMs: 0 }},
    { batch: { maxEvents: '1', maxWaitMs: 0 }}, { batch: { maxEvents: 1, maxWaitMs: -1 }}, { batch: { maxEvents: 1, maxWaitMs: 60_001 }},
    { batch: { maxEvents: Number.NaN, maxWaitMs: 0 }}, { batch: { maxEvents: 1, maxWaitMs: 0, maxBytes: 1 }},
    { batch: { maxEvents: 1, maxWaitMs: 0 }, mode: 'binary' },
  ])('are not %j.', (values): void => {
    expect((): unknown => parse(values)).toThrow(InvalidInput);
  });
});
