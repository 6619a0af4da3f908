import { publish, RequestFailed, subscribe, subscriptions } from '../../../src/client';

const POD = 'http://localhost:3000/user/';
const answering = (status: number, body: string): typeof fetch => async(): Promise<Response> => new Response(body, { status });
const failure = async(status: number, body: string): Promise<RequestFailed> =>
  publish(POD, [], { fetch: answering(status, body) }).then((): never => {
    throw new Error('It was not refused');
  }, (error: unknown): RequestFailed => error as RequestFailed);

describe('A RequestFailed', (): void => {
  it.each([
    [ '{"error":"No topic found"}', 'No topic found' ],
    [ '{"code":"PR400-EV-0004","message":{"lang":"en","value":"[Type] field format error."}}', '[Type] field format error.' ],
    [ '{"name":"BadRequestHttpError","message":"Not so","statusCode":400}', 'Not so' ],
    [ 'plain\n\u001B[31mtext', 'plain [31mtext' ],
    [ '<html>proxy</html>', '' ],
    [ '{"error":5}', '' ],
    [ '', '' ],
  ])('has the server\'s own words of %j.', async(body, message): Promise<void> => {
    expect(await failure(400, body)).toMatchObject({ serverMessage: message, status: 400, method: 'POST', url: `${POD}publish/` });
  });

  it('says what was asked and what to do.', async(): Promise<void> => {
    expect((await failure(403, '{"error":"Not authorized"}')).message).toBe(
      `POST ${POD}publish/ was answered with 403: Not authorized. Ask the owner of the pod for access, or log in as another agent.`);
    expect((await failure(418, '')).message).toBe(`POST ${POD}publish/ was answered with 418.`);
  });

  it('is also what an answer means that no such server gives.', async(): Promise<void> => {
    for (const body of [ 'hello', '{}', 'null', '{"contains":[{}]}' ]) {
      const options = { fetch: answering(200, body) };
      await expect(publish(POD, [], options)).rejects.toThrow(RequestFailed);
      await expect(subscribe(POD, { topic: 't', inbox: `${POD}inbox/` }, options)).rejects.toThrow('not that of a Solid server with solid-pod-events');
      await expect(subscriptions(POD, options)).rejects.toThrow(RequestFailed);
    }
  });

  it('is not what is thrown for what cannot be asked.', async(): Promise<void> => {
    for (const pod of [ '', 'pod', 'http://localhost:3000/user', 'ftp://x/', 'http://x/?a/', 'http://:/' ]) {
      await expect(publish(pod, [])).rejects.toThrow(`Invalid pod "${pod}"`);
    }
  });
});
