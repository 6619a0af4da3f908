import fc from 'fast-check';
import { topicOf, topicUrl } from '../../../src/client';
import { isTopicPattern, patternPath } from '../../../src/event/TopicPattern';
import { runs } from '../../util/effort';

const POD = 'http://localhost:3000/user/';
const special = fc.constantFrom('~', '/', '#', '*', '.', '\\', '$', '%', ' ', 'ü', '😀', '.acl', '.ACR', '.meta', '..', 'a', 'B7', '2E', '~~');
const topics = fc.oneof(fc.string(), fc.array(special, { maxLength: 8 }).map((parts): string => parts.join('')), fc.string({ minLength: 60, maxLength: 400 }));

describe('The URL of a topic', (): void => {
  it('is the one whose access the server asks for.', async(): Promise<void> => {
    await fc.assert(fc.asyncProperty(topics, async(topic): Promise<void> => {
      if (isTopicPattern(topic)) {
        expect(await topicUrl(POD, topic)).toBe(POD + patternPath(topic));
      } else {
        await expect(topicUrl(POD, topic)).rejects.toThrow(TypeError);
      }
    }), { numRuns: runs(2_000) });
  });

  it.each([ 'realestate/contact#add', 'realestate/contact', '*', 'a//b#', '.hidden/$x~/.acl#x.meta', '~2EA', 'ü/😀#%' ])('tells the topic %s.', async(topic): Promise<void> => {
    expect(topicOf(POD, await topicUrl(POD, topic))).toBe(topic);
  });

  it('tells no topic that was too long to be kept, or that is elsewhere.', async(): Promise<void> => {
    expect(topicOf(POD, await topicUrl(POD, `a/${'x'.repeat(300)}#add`))).toBeUndefined();
    expect(topicOf(POD, `${POD}inbox/`)).toBeUndefined();
    expect(topicOf(POD, `${POD}topics/%`)).toBeUndefined();
  });
});
