import fc from 'fast-check';
import { InvalidInput } from '../../../../src/event/InvalidInput';
import { isTopic } from '../../../../src/event/Topic';
import { HttpProblem } from '../../../../src/http/errors';
import { eventGridError } from '../../../../src/dialects/eventgrid/eventGridError';
import { parsePrecheck } from '../../../../src/dialects/eventgrid/parsePrecheck';

describe('The body of a precheck', (): void => {
  it.each([ '', ' \n', '{}', '{"sources":[]}', '{"other":1}' ])('may ask about nothing: %j.', (text): void => {
    expect(parsePrecheck(text)).toEqual([]);
  });

  it.each([
    [{ channel_id: 'realestate', source_name: 'contact#add' }, 'realestate/contact#add' ],
    [{ channel_id: 'realestate', source_name: 'contact' }, 'realestate/contact' ],
    [{ channel_id: 'a', source_name: 'b/c/d#e/f' }, 'a/b/c/d#e/f' ],
    [{ channel_id: 'a#b' }, 'a#b' ],
    [{ channel_id: 'a', source_name: '' }, 'a' ],
    [{ channel_id: ' ü ', source_name: ' ' }, ' ü / ' ],
  ])('has the topic of %j.', (sent, topic): void => {
    expect(parsePrecheck(JSON.stringify({ sources: [{ ...sent, label: 5 }]}))).toEqual([{ sent, topic }]);
  });

  it.each([
    [{}, 'No channel_id' ],
    [{ channel_id: '', source_name: 'a' }, 'No channel_id' ],
    [{ source_name: 'a' }, 'No channel_id' ],
    [{ channel_id: 'a\n' }, 'Invalid topic' ],
    [{ channel_id: 'a', source_name: '/'.repeat(16) }, 'Invalid topic' ],
    [{ channel_id: 'a', source_name: 'ü'.repeat(512) }, 'Invalid topic' ],
  ])('says why %j has none.', (sent, fault): void => {
    expect(parsePrecheck(JSON.stringify({ sources: [ sent ]}))).toEqual([{ sent, fault: expect.stringContaining(fault) }]);
  });

  it.each([
    [ '{', 'not valid JSON' ],
    [ '[]', 'no JSON object' ],
    [ 'null', 'no JSON object' ],
    [ '{"sources":{}}', 'Invalid sources' ],
    [ '{"sources":null}', 'Invalid sources' ],
    [ '{"sources":[{},5]}', 'Invalid sources[1]' ],
    [ '{"sources":[null]}', 'Invalid sources[0]' ],
    [ '{"sources":[[]]}', 'Invalid sources[0]' ],
    [ '{"sources":[{"channel_id":5}]}', 'Invalid sources[0].channel_id' ],
    [ '{"sources":[{"channel_id":"a","source_name":null}]}', 'Invalid sources[0].source_name' ],
    [ '{"sources":[],"sources":[]}', 'twice' ],
    [ JSON.stringify({ sources: Array.from({ length: 1_001 }, (): object => ({})) }), '1001 sources' ],
  ])('is refused: %.60s.', (text, message): void => {
    expect((): unknown => parsePrecheck(text)).toThrow(message);
  });

  it('is read in full or refused, whatever it is.', (): void => {
    const source = fc.record({ channel_id: fc.string({ unit: 'binary' }), source_name: fc.string({ unit: 'binary' }) }, { requiredKeys: []});
    const sources = fc.array(source, { maxLength: 5 });
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), sources.map((all): string => JSON.stringify({ sources: all }))), (text): void => {
      let asked: ReturnType<typeof parsePrecheck>;
      try {
        asked = parsePrecheck(text);
      } catch (error: unknown) {
        expect(error).toBeInstanceOf(InvalidInput);
        return;
      }
      expect(asked.map(({ sent }): object => sent)).toEqual(text.trim() === '' ? [] : JSON.parse(text).sources ?? []);
      for (const { topic, fault } of asked) {
        expect(topic === undefined ? fault : isTopic(topic)).toBeTruthy();
      }
    }));
  });

  it('may ask about 1,000 sources.', (): void => {
    expect(parsePrecheck(JSON.stringify({ sources: Array.from({ length: 1_000 }, (): object => ({})) }))).toHaveLength(1_000);
  });
});

describe('An error of EventGrid', (): void => {
  it.each([
    [ 400, 'EG.00014000', 'Bad request' ],
    [ 401, 'EG.00014010', 'Incorrect token or token resolution failed' ],
    [ 403, 'EG.00014030', 'No permissions to request this method' ],
    [ 404, 'EG.00014040', 'Not request resource found' ],
    [ 405, 'EG.00014000', 'Bad request' ],
    [ 413, 'EG.00014000', 'Bad request' ],
    [ 429, 'EG.00014000', 'Bad request' ],
    [ 500, 'EG.00015000', 'Internal Server Error' ],
    [ 503, 'EG.00015000', 'Internal Server Error' ],
    [ 507, 'EG.00015000', 'Internal Server Error' ],
  ])('has a code for %i.', (status, code, message): void => {
    expect(eventGridError(new HttpProblem(status, 'why'), 'id'))
      .toEqual({ error_code: code, error_msg: message, error_details: 'why', request_id: 'id' });
  });

  it('has details of 1 to 1,024 characters.', (): void => {
    expect(eventGridError(new HttpProblem(400, ''), 'id')).toMatchObject({ error_details: 'Bad request' });
    expect(eventGridError(new HttpProblem(400, 'x'.repeat(2_000)), 'id')).toMatchObject({ error_details: 'x'.repeat(1_024) });
  });
});
