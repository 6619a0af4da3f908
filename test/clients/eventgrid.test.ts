import { join } from 'node:path';
import { createApiKey } from '../util/accounts';
import type { Scene } from '../util/scene';
import { setScene } from '../util/scene';

declare const requireOutside: NodeJS.Require;

const SDK = join(__dirname, 'node_modules/@huaweicloud/huaweicloud-sdk-core');
const CHANNEL = 'realestate';
const SOURCE = 'contact#add';

describe('The unmodified SDK of Huawei Cloud', (): void => {
  let scene: Scene;
  let token: string;
  let client: any;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { server: { baseUrl }, user: { webId, pod }} = scene;
    ({ key: token } = await createApiKey(baseUrl, webId, { scopes: [ 'publish' ]}));
    const { ClientBuilder } = requireOutside(join(SDK, 'ClientBuilder'));
    const { BasicCredentials } = requireOutside(join(SDK, 'auth/BasicCredentials'));
    const credential = new BasicCredentials().withAk('AKIDEXAMPLE').withSk('secret').withProjectId(projectOf(pod, baseUrl));
    client = new ClientBuilder((http: unknown): unknown => http, 'BasicCredentials')
      .withCredential(credential).withEndpoint(baseUrl.slice(0, -1)).build();
  });

  afterAll(async(): Promise<void> => scene.end());

  function projectOf(pod: string, baseUrl: string): string {
    return pod.slice(baseUrl.length, -1);
  }

  async function call(url: string, data: object, headers: object = { 'X-Auth-Token': token }): Promise<any> {
    const { server: { baseUrl }, user: { pod }} = scene;
    return client.sendRequest({
      method: 'POST',
      url,
      contentType: 'application/json',
      queryParams: {},
      pathParams: { project_id: projectOf(pod, baseUrl), channel_id: CHANNEL },
      headers: { 'content-type': 'application/json', ...headers },
      data,
    });
  }

  const check = async(headers?: object): Promise<any> =>
    call('/v1/{project_id}/events/check', { sources: [{ channel_id: CHANNEL, source_name: SOURCE }]}, headers);
  const put = async(events: unknown[], headers?: object): Promise<any> =>
    call('/v1/{project_id}/channels/{channel_id}/events', { events }, headers);
  const anEvent = (id: string, other: object = {}): object =>
    ({ specversion: '1.0', id, source: SOURCE, type: 'com.example.added', datacontenttype: 'application/json', data: { id }, ...other });

  it('checks and puts events with a token, beside its own signature.', async(): Promise<void> => {
    expect(await check()).toMatchObject({ httpStatusCode: 200 });
    const result = await put([ anEvent('1'), anEvent('2', { specversion: '2.0' }) ]);
    expect(result).toMatchObject({ httpStatusCode: 200, failed_count: 1 });
    expect(result.events).toHaveLength(2);
  });

  it.each([
    [ 'only a signature', 401, async(): Promise<unknown> => check({}) ],
    [ 'too many events', 400, async(): Promise<unknown> =>
      put(Array.from({ length: 21 }, (_, index): object => anEvent(String(index)))) ],
    [ 'a path that is not available', 404, async(): Promise<unknown> => call('/v1/{project_id}/channels', {}) ],
  ])('shows the code and the message of the answer to a request with %s.', async(_, httpStatusCode, send): Promise<void> => {
    const error: any = await send().catch((thrown: unknown): unknown => thrown);
    expect(error).toMatchObject({
      httpStatusCode, errorCode: expect.stringMatching(/^EG\.\d+$/u), errorMsg: expect.stringMatching(/\w{3}/u),
    });
  });
});
