import { stringify } from 'uuid';
import { parseTopic } from '../event/Topic';
import { patternsOf } from '../event/TopicPattern';
import type { Follower, FollowerPlace, Followers } from '../access/ports';
import type { SqliteSession } from './SqliteSession';

interface FollowerRow {
  readonly uuid: Buffer;
  readonly inbox: number;
  readonly filters: string | null;
  readonly agent: string;
  readonly disabled: number | null;
  /** 1 if the agent does not control the inbox, 0 if that is unconfirmed; `null` for a confirmed subscription. */
  readonly refused: number | null;
  readonly doubtedInbox: string | null;
}

/** A chunk of followers. It ends after all subscriptions with the same inbox, as a fan-out step does. */
const CHUNK = `
  SELECT s.uuid, s.inbox, f.text AS filters, a.webid AS agent, t.disabled, d.refused, c.url AS doubtedInbox
  FROM subscriptions s CROSS JOIN agents a LEFT JOIN targets t ON t.id = s.target
  LEFT JOIN filters f ON f.id = s.filter LEFT JOIN doubts d ON d.subscription = s.id LEFT JOIN containers c ON d.refused = 0 AND c.id = s.inbox
  WHERE s.pod = ? AND s.pattern = ? AND s.inbox > ? AND s.inbox <= IFNULL((
    SELECT x.inbox FROM subscriptions x WHERE x.pod = ? AND x.pattern = ? AND x.inbox > ? ORDER BY x.inbox LIMIT 1 OFFSET ?
  ), ${Number.MAX_SAFE_INTEGER}) AND a.id = s.agent
  ORDER BY s.inbox
`;

/** Returns some of the followers of a topic, as `FollowerList.followersOf` specifies. */
export function followersOf(
  session: SqliteSession,
  pod: string,
  topic: string,
  after: FollowerPlace | undefined,
  limit: number,
): Followers {
  const key = session.get<{ id: number }>('SELECT id FROM pods WHERE url = ?', pod)?.id;
  const patterns = key === undefined ? [] : patternsOf(parseTopic(topic));
  const followers: Follower[] = [];
  let { pattern, inbox } = after ?? { pattern: 0, inbox: 0 };
  for (let rest = limit; pattern < patterns.length; pattern += 1, inbox = 0) {
    const range = [ key, patterns[pattern], inbox ];
    const rows = session.all<FollowerRow>(CHUNK, ...range, ...range, rest - 1);
    for (const { uuid, filters, agent, disabled, refused, doubtedInbox } of rows) {
      if (disabled === null && refused !== 1) {
        followers.push({
          id: stringify(uuid),
          agent,
          ...filters !== null && { filters },
          ...doubtedInbox !== null && { unconfirmedInbox: doubtedInbox },
        });
      }
    }
    if (rows.length >= rest) {
      return { followers, next: { pattern, inbox: rows.at(-1)!.inbox }};
    }
    rest -= rows.length;
  }
  return { followers };
}
