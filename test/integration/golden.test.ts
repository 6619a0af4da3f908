import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { grant } from '../util/access';
import { createApiKey, createCredentials } from '../util/accounts';
import type { GoldenCase } from '../util/golden';
import { capturesOf, fill, goldenDifferences, goldenFiles, sendCase } from '../util/golden';
import { blocksOf } from '../util/markdown';
import { validateAnswer } from '../util/openapi';
import type { Scene } from '../util/scene';
import { post, setScene } from '../util/scene';
import { ROOT } from '../util/server';

const files = goldenFiles();

// Each dialect, request by request, to the last header; the same are the examples of docs/api/.
describe('Over HTTP', (): void => {
  let scene: Scene;
  /** What the files name in braces. */
  const values = new Map<string, string>();

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { server: { baseUrl }, producer, user, subscriber } = scene;
    for (const [ name, { webId }] of Object.entries({ producer, user, subscriber })) {
      values.set(`${name}-key`, (await createApiKey(baseUrl, webId)).key);
      values.set(`${name}-read`, (await createApiKey(baseUrl, webId, { scopes: [ 'read' ]})).key);
      const { id, secret } = await createCredentials(baseUrl, name, webId);
      values.set(`${name}-id`, id).set(`${name}-secret`, secret);
    }
    values.set('limited-key', (await createApiKey(baseUrl, producer.webId, { pods: [ producer.pod ]})).key);
    await grant(subscriber, `${subscriber.pod}topics/realestate/`, { [producer.webId]: [ 'Append' ]});
    const followed = await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'realestate/contact', inbox: subscriber.inbox });
    expect(followed.status).toBe(201);
  });

  afterAll(async(): Promise<void> => scene.end());

  describe.each(files.map(({ dialect, ...file }): [string, typeof file] => [ dialect, file ]))('%s', (_dialect, { common, cases }): void => {
    it.each(cases.map((one): [string, GoldenCase] => [ one.name, one ]))('answers %s.', async(_name, one): Promise<void> => {
      const { baseUrl } = scene.server;
      const actual = await sendCase(one, baseUrl, values);
      expect(goldenDifferences(one, common, actual, baseUrl, values).join('\n')).toBe('');
      const isUnknown = one.name.endsWith('API that is not available');
      expect(validateAnswer(actual.method, actual.path, actual.status, actual.headers, actual.body))
        .toEqual(isUnknown ? [ `${actual.path} is not described` ] : []);
      for (const [ name, value ] of capturesOf(one, actual)) {
        values.set(name, value);
      }
      expect(fill(one.request, values)).not.toMatch(/\{[a-z][\w-]*\}/u);
    });
  });
});

describe('The examples of docs/', (): void => {
  const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name): boolean => name.endsWith('.md'));
  const requests = pages.flatMap((page): [string, string, string][] => {
    const blocks = blocksOf(readFileSync(join(ROOT, 'docs', page), 'utf8'));
    return blocks.flatMap(({ language, text, line }, index): [string, string, string][] =>
      language === 'http' && !text.startsWith('HTTP/') ? [[ `${page}:${line}`, text, blocks.at(index + 1)?.text ?? '' ]] : []);
  });

  it('are there for each dialect.', (): void => {
    for (const { dialect, cases } of files) {
      const shown = cases.filter(({ request }): boolean => requests.some(([ , text ]): boolean => text === request));
      expect([ dialect, shown.length > 0 ]).toEqual([ dialect, true ]);
    }
  });

  it.each(requests)('are requests that are made, with their answers, at %s.', (_place, request, answer): void => {
    const found = files.flatMap(({ cases }): readonly GoldenCase[] => cases).filter((one): boolean => one.request === request);
    expect(found.map((one): string => one.answer)).toContain(answer);
  });
});
