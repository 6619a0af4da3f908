import type { Logger } from '@solid/community-server';
import { HttpProblem } from '../../../../src/http/errors';
import type { HttpExchange } from '../../../../src/http/Endpoint';
import { eventhosError, EventhosProblem } from '../../../../src/dialects/eventhos/eventhosProblem';

const exchange = { method: 'POST', url: 'http://localhost:3000/user/event/send', request: { url: '/user/event/send?access-key=hunter2' }} as unknown as HttpExchange;

describe('An error of eventhos', (): void => {
  it.each([
    [ new EventhosProblem(400, 400_024, 'The event does not exist.'), 400_024 ],
    [ new HttpProblem(400, 'Not valid JSON\nsecond line'), 500_000 ],
    [ new HttpProblem(401, 'Who?'), 401_202 ],
    [ new HttpProblem(404, 'Nothing'), 404_000 ],
    [ new HttpProblem(405, 'Not so', { Allow: 'POST' }), 405_000 ],
    [ new HttpProblem(413, 'Large'), 413_000 ],
    [ new HttpProblem(429, 'Often'), 429_000 ],
    [ new HttpProblem(500, 'Why?'), 500_000 ],
    [ new HttpProblem(503, 'Later'), 503_000 ],
    [ new HttpProblem(507, 'Full'), 507_000 ],
  ])('for %s has a code, and a UUID that is in the log.', (problem, code): void => {
    const [ info, warn ] = [ jest.fn(), jest.fn() ];
    const { status, headers, body } = eventhosError(problem, exchange, { info, warn } as unknown as Logger);
    const { errorUUID, ...rest } = JSON.parse(body!);
    expect([ status, rest ]).toEqual([ problem.status, { code, message: problem.message }]);
    expect(headers).toEqual({ 'Content-Type': 'application/json', ...problem.headers });
    expect(errorUUID).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
    const [[ line ]] = (status < 500 ? info : warn).mock.calls;
    expect(info.mock.calls.length + warn.mock.calls.length).toBe(1);
    // What is wrong with a request may quote it.
    expect(line.includes(JSON.stringify(problem.message))).toBe(status >= 500);
    expect(line).toContain(errorUUID);
    expect(line).toContain(`${code}`);
    expect(line).not.toMatch(/\n|hunter2/u);
  });
});
