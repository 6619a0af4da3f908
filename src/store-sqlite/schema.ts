import type { Database } from 'better-sqlite3';

/**
 * The migrations from an empty database to the schema of this version; the n-th one leads to version n. A released
 * migration is never changed.
 *
 * Pods, containers, agents and events have integer keys. The text of an event is stored once. An entry (an event in
 * `publish/`, or a copy in an inbox) is two integers, and a fan-out writes entries in the order of their keys.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE pods (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    registered INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE containers (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    modified INTEGER,
    watched INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX watched_containers ON containers (id) WHERE watched = 1;
  CREATE TABLE agents (
    id INTEGER PRIMARY KEY,
    webid TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE contexts (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid BLOB NOT NULL UNIQUE,
    pod INTEGER NOT NULL REFERENCES pods,
    topic TEXT NOT NULL,
    publisher INTEGER REFERENCES agents,
    published INTEGER NOT NULL,
    context INTEGER NOT NULL REFERENCES contexts,
    members TEXT NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE entries (
    container INTEGER NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (container, event)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL UNIQUE,
    pod INTEGER NOT NULL REFERENCES pods,
    pattern TEXT NOT NULL,
    inbox INTEGER NOT NULL REFERENCES containers,
    agent INTEGER NOT NULL REFERENCES agents,
    created INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX matching_subscriptions ON subscriptions (pod, pattern, inbox, agent);
  CREATE TABLE forwards (
    pod INTEGER NOT NULL REFERENCES pods,
    event INTEGER NOT NULL REFERENCES events,
    inbox INTEGER REFERENCES containers,
    pattern INTEGER NOT NULL DEFAULT 0,
    after INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (pod, event)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX forwarded_events ON forwards (event);
  CREATE TABLE removed (
    event INTEGER NOT NULL,
    container INTEGER NOT NULL,
    PRIMARY KEY (event, container)
  ) STRICT, WITHOUT ROWID;
  `,
  // API keys; documents, besides ACLs, on which access depends; unconfirmed subscriptions (`doubts`).
  `
  CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    webid TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix BLOB NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    expires INTEGER,
    pods TEXT,
    topics TEXT,
    used TEXT
  ) STRICT;
  CREATE INDEX prefixed_api_keys ON api_keys (prefix);
  CREATE INDEX owned_api_keys ON api_keys (account);
  CREATE TABLE dependencies (
    document TEXT NOT NULL,
    resource TEXT NOT NULL,
    PRIMARY KEY (document, resource)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE doubts (
    subscription INTEGER PRIMARY KEY REFERENCES subscriptions,
    pod INTEGER NOT NULL REFERENCES pods,
    mark TEXT NOT NULL,
    refused INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX doubted_pods ON doubts (pod);
  CREATE INDEX subscriptions_by_inbox ON subscriptions (inbox);
  CREATE INDEX subscriptions_by_agent ON subscriptions (agent);
  INSERT INTO doubts (subscription, pod, mark) SELECT id, pod, hex(randomblob(8)) FROM subscriptions;
  `,
  // Deliveries to remote targets; the hosts of targets, with their circuits and due times; work clock.
  `
  CREATE TABLE events_3 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid BLOB NOT NULL,
    pod INTEGER NOT NULL REFERENCES pods,
    topic TEXT NOT NULL,
    publisher INTEGER REFERENCES agents,
    published INTEGER NOT NULL,
    context INTEGER NOT NULL REFERENCES contexts,
    members TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    hops INTEGER NOT NULL DEFAULT 0,
    UNIQUE (uuid, pod)
  ) STRICT;
  INSERT INTO events_3 (id, uuid, pod, topic, publisher, published, context, members, bytes)
  SELECT id, uuid, pod, topic, publisher, published, context, members, bytes FROM events;
  UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'events') WHERE name = 'events_3';
  DROP TABLE events;
  ALTER TABLE events_3 RENAME TO events;
  CREATE INDEX events_by_context ON events (context);
  CREATE TABLE received (
    pod INTEGER NOT NULL REFERENCES pods,
    event INTEGER NOT NULL,
    PRIMARY KEY (pod, event)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX receiving_pods ON received (event);
  CREATE TABLE hosts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    next INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    since INTEGER,
    rests INTEGER
  ) STRICT;
  CREATE INDEX due_hosts ON hosts (next) WHERE next IS NOT NULL;
  CREATE TABLE targets (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    agent INTEGER NOT NULL REFERENCES agents,
    host INTEGER NOT NULL REFERENCES hosts,
    secret TEXT,
    old_secret TEXT,
    old_until INTEGER,
    rate INTEGER,
    failing INTEGER,
    disabled INTEGER,
    told INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX named_targets ON targets (url, kind, agent);
  CREATE INDEX targets_of_host ON targets (host);
  CREATE INDEX targets_of_agent ON targets (agent);
  ALTER TABLE subscriptions ADD COLUMN target INTEGER REFERENCES targets;
  CREATE INDEX subscriptions_elsewhere ON subscriptions (pod) WHERE target IS NOT NULL;
  CREATE INDEX subscriptions_by_target ON subscriptions (target) WHERE target IS NOT NULL;
  CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event INTEGER NOT NULL,
    target INTEGER NOT NULL REFERENCES targets,
    host INTEGER NOT NULL,
    pod INTEGER NOT NULL REFERENCES pods,
    subscription BLOB,
    state INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    due INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    claim INTEGER,
    copy TEXT,
    repeated INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX deliveries_by_event ON deliveries (event, target);
  CREATE INDEX waiting_deliveries ON deliveries (host, due) WHERE state = 0;
  CREATE INDEX deliveries_by_pod ON deliveries (pod, id);
  CREATE INDEX deliveries_by_subscription ON deliveries (subscription, id) WHERE subscription IS NOT NULL;
  CREATE INDEX deliveries_by_target ON deliveries (target);
  CREATE TABLE attempts (
    delivery INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    status INTEGER,
    reason TEXT,
    PRIMARY KEY (delivery, at)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE alternatives (
    delivery INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    subscription BLOB NOT NULL,
    pod INTEGER NOT NULL REFERENCES pods,
    PRIMARY KEY (delivery, subscription)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE clocks (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    time INTEGER NOT NULL
  ) STRICT;
  `,
  // Responses of idempotent requests (`made`); catalogues and logged requests; revisions of the followers of pods.
  // An event published on this server has 0 `hops`, and its earlier hops in `passed`. `forwarded` is whether the pod of
  // its publication also forwards it, if known.
  `
  ALTER TABLE events ADD COLUMN passed INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE events ADD COLUMN forwarded INTEGER;
  ALTER TABLE events ADD COLUMN entry INTEGER;
  ALTER TABLE events ADD COLUMN request TEXT;
  CREATE INDEX events_by_entry ON events (entry) WHERE entry IS NOT NULL;
  CREATE TABLE made (
    pod INTEGER NOT NULL REFERENCES pods,
    agent INTEGER NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    result TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (pod, agent, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX made_at ON made (at);
  CREATE TABLE systems (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod INTEGER NOT NULL REFERENCES pods,
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    class TEXT NOT NULL,
    type TEXT NOT NULL,
    description TEXT NOT NULL,
    created INTEGER NOT NULL,
    removed INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX identified_systems ON systems (pod, identifier) WHERE removed IS NULL;
  CREATE INDEX systems_of_pod ON systems (pod) WHERE removed IS NULL;
  CREATE TABLE entries_of_catalogue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod INTEGER NOT NULL REFERENCES pods,
    system INTEGER NOT NULL REFERENCES systems,
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    operation TEXT NOT NULL,
    description TEXT NOT NULL,
    topic TEXT NOT NULL,
    schema TEXT,
    created INTEGER NOT NULL,
    removed INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX identified_entries ON entries_of_catalogue (pod, identifier);
  CREATE INDEX entries_of_pod ON entries_of_catalogue (pod) WHERE removed IS NULL;
  CREATE INDEX entries_by_system ON entries_of_catalogue (system);
  ALTER TABLE pods ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
  CREATE TRIGGER subscription_added AFTER INSERT ON subscriptions BEGIN
    UPDATE pods SET revision = revision + 1 WHERE id = NEW.pod;
  END;
  CREATE TRIGGER subscription_changed AFTER UPDATE ON subscriptions BEGIN
    UPDATE pods SET revision = revision + 1 WHERE id = NEW.pod;
  END;
  CREATE TRIGGER subscription_removed AFTER DELETE ON subscriptions BEGIN
    UPDATE pods SET revision = revision + 1 WHERE id = OLD.pod;
  END;
  CREATE TRIGGER target_changed AFTER UPDATE OF disabled ON targets WHEN NEW.disabled IS NOT OLD.disabled BEGIN
    UPDATE pods SET revision = revision + 1 WHERE id IN (SELECT pod FROM subscriptions WHERE target = NEW.id);
  END;
  CREATE TRIGGER doubt_added AFTER INSERT ON doubts BEGIN
    UPDATE pods SET revision = revision + 1 WHERE id = NEW.pod;
  END;
  CREATE TRIGGER doubt_refused AFTER UPDATE OF refused ON doubts BEGIN
    UPDATE pods SET revision = revision + 1 WHERE id = NEW.pod;
  END;
  CREATE TRIGGER doubt_settled AFTER DELETE ON doubts BEGIN
    UPDATE pods SET revision = revision + 1 WHERE id = OLD.pod;
  END;
  `,
  // Start of the process that has the database open; notices of copies in watched containers; the time at which an
  // event entered a fan-out queue.
  `
  CREATE TABLE runs (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    begun INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    container TEXT NOT NULL,
    copy TEXT NOT NULL
  ) STRICT;
  CREATE INDEX registered_pods ON pods (url) WHERE registered = 1;
  ALTER TABLE forwards ADD COLUMN since INTEGER;
  `,
  // Settings of the store: the base URL of its server, and its own id.
  `
  CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Identity of a pod, which distinguishes it from a later pod with the same URL; ended rows, which have other names
  // until they are swept; deleted containers (`gone`).
  `
  ALTER TABLE pods ADD COLUMN identity TEXT;
  ALTER TABLE pods ADD COLUMN laid INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE pods ADD COLUMN ended TEXT;
  ALTER TABLE pods ADD COLUMN ended_at INTEGER;
  ALTER TABLE pods ADD COLUMN swept INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE containers ADD COLUMN ended TEXT;
  ALTER TABLE containers ADD COLUMN swept INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE containers ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE agents ADD COLUMN ended TEXT;
  CREATE INDEX ended_pods ON pods (id) WHERE ended IS NOT NULL AND swept = 0;
  CREATE INDEX ended_containers ON containers (id) WHERE ended IS NOT NULL AND swept = 0;
  CREATE INDEX gone_containers ON containers (id) WHERE gone = 1;
  CREATE INDEX api_keys_by_webid ON api_keys (webid);
  CREATE TABLE endings (
    url TEXT PRIMARY KEY,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ended_events (
    event INTEGER PRIMARY KEY
  ) STRICT;
  `,
  // One row after aliases of URLs of this server are repaired, see SqliteAliases.
  `
  CREATE TABLE alias_repairs (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
  ) STRICT;
  `,
  // Index for pages of the subscriptions of a pod.
  `
  CREATE INDEX subscriptions_of_pod ON subscriptions (pod);
  `,
  // Pauses that targets requested (`rests`); former secrets that still sign; work time, by which deliveries, failures
  // and secrets age; removed events with rows in the delivery log.
  `
  ALTER TABLE targets ADD COLUMN rests INTEGER;
  CREATE TABLE former_secrets (
    target INTEGER NOT NULL REFERENCES targets ON DELETE CASCADE,
    until INTEGER NOT NULL,
    secret TEXT NOT NULL,
    PRIMARY KEY (target, until, secret)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO former_secrets (target, until, secret)
  SELECT id, old_until, old_secret FROM targets WHERE old_secret IS NOT NULL AND old_until IS NOT NULL;
  UPDATE targets SET old_secret = NULL, old_until = NULL WHERE old_secret IS NOT NULL;
  CREATE TABLE worked (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    time INTEGER NOT NULL
  ) STRICT;
  INSERT INTO worked (id, time) SELECT 1, MAX(time) FROM (
    SELECT time FROM clocks UNION ALL SELECT created FROM deliveries
  ) HAVING MAX(time) IS NOT NULL;
  ALTER TABLE deliveries ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
  UPDATE deliveries SET made = created;
  CREATE TABLE removed_events (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL,
    pod INTEGER NOT NULL REFERENCES pods,
    topic TEXT NOT NULL
  ) STRICT;
  CREATE INDEX removed_events_by_uuid ON removed_events (uuid);
  CREATE INDEX removed_events_of_pod ON removed_events (pod, id);
  `,
  // New namespace of the vocabulary. It occurs once in a context, and is one byte longer than the former one.
  `
  UPDATE events SET bytes = bytes + 1 WHERE context IN (
    SELECT id FROM contexts WHERE instr(text, 'urn:solid-pod-events:vocab:') > 0
  );
  UPDATE OR IGNORE contexts SET text = replace(text, 'urn:solid-pod-events:vocab:', 'https://w3id.org/pod-events#');
  `,
  // Scopes of API keys. Existing keys keep their permissions.
  `
  ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '["publish","subscribe","manage"]';
  `,
  // Chains of refresh tokens, by the hash of the part that their tokens share, and the sealed answers to used tokens.
  `
  CREATE TABLE refresh_chains (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chain BLOB NOT NULL UNIQUE,
    token BLOB NOT NULL,
    pod INTEGER NOT NULL REFERENCES pods,
    agent INTEGER NOT NULL REFERENCES agents,
    client TEXT,
    login TEXT,
    key_id TEXT,
    key_prefix BLOB,
    scopes TEXT NOT NULL,
    ends INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX refresh_chains_of_agent ON refresh_chains (agent);
  CREATE INDEX refresh_chains_of_pod ON refresh_chains (pod);
  CREATE INDEX ending_refresh_chains ON refresh_chains (ends);
  CREATE TABLE refresh_answers (
    token BLOB PRIMARY KEY,
    chain INTEGER NOT NULL REFERENCES refresh_chains ON DELETE CASCADE,
    used INTEGER NOT NULL,
    answer BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX refresh_answers_of_chain ON refresh_answers (chain);
  CREATE INDEX used_refresh_answers ON refresh_answers (used);
  `,
  // Client ids of systems in foreign systems, and times of changes of catalogues.
  `
  ALTER TABLE systems ADD COLUMN client TEXT;
  ALTER TABLE systems ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;
  UPDATE systems SET updated = created;
  ALTER TABLE entries_of_catalogue ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;
  UPDATE entries_of_catalogue SET updated = created;
  CREATE INDEX updated_entries ON entries_of_catalogue (pod, updated) WHERE removed IS NULL;
  `,
  // Listings: time at which an event was stored (`arrived`); largest key of an event that a container has had
  // (`newest`); entries added after later ones, so that a cursor finds them; notifications in inboxes, which the
  // backend stores.
  `
  ALTER TABLE events ADD COLUMN arrived INTEGER;
  ALTER TABLE containers ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE containers ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
  UPDATE containers SET newest = IFNULL((SELECT MAX(event) FROM entries WHERE container = containers.id), 0);
  CREATE TABLE late_entries (
    container INTEGER NOT NULL,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (container, event)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX late_entries_by_time ON late_entries (container, at, event);
  CREATE TRIGGER late_entry_added AFTER INSERT ON entries
  WHEN NEW.event <= (SELECT newest FROM containers WHERE id = NEW.container) BEGIN
    UPDATE containers SET modified = MAX(IFNULL(modified, 0) + 1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    WHERE id = NEW.container;
    INSERT OR REPLACE INTO late_entries (container, event, at)
    SELECT id, NEW.event, modified FROM containers WHERE id = NEW.container;
  END;
  CREATE TRIGGER late_entry_removed AFTER DELETE ON entries BEGIN
    DELETE FROM late_entries WHERE container = OLD.container AND event = OLD.event;
  END;
  CREATE TABLE inbox_notifications (
    container INTEGER NOT NULL REFERENCES containers,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (container, name)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX inbox_notifications_by_time ON inbox_notifications (container, at);
  `,
  // A trigger for each copy costs a tenth of a fan-out; each statement that adds entries records the late ones.
  `
  DROP TRIGGER late_entry_added;
  `,
  // Data is the object of its activity in RDF. The property occurs once in a context of this software, and is two bytes
  // shorter than the former one. A newer server may have sent the new text already.
  `
  CREATE TEMP TABLE former_contexts AS
  SELECT id, replace(text, '"data":{"@id":"events:data",', '"data":{"@id":"as:object",') AS text FROM contexts
  WHERE text LIKE '{"@version":1.1,"as":"https://www.w3.org/ns/activitystreams#","events":"https://w3id.org/pod-events#",%'
  AND instr(text, '"data":{"@id":"events:data",') > 0;
  UPDATE events SET bytes = bytes - 2, context = IFNULL(
    (SELECT c.id FROM former_contexts f JOIN contexts c ON c.text = f.text WHERE f.id = events.context), context
  ) WHERE context IN (SELECT id FROM former_contexts);
  UPDATE OR IGNORE contexts SET text = (SELECT f.text FROM former_contexts f WHERE f.id = contexts.id)
  WHERE id IN (SELECT id FROM former_contexts);
  DROP TABLE former_contexts;
  `,
  // Settings of targets, in a form of their kinds; limits of batches; the batch of a delivery, empty before its first
  // claim, and NULL for deliveries that are sent one by one.
  `
  ALTER TABLE targets ADD COLUMN settings TEXT;
  ALTER TABLE targets ADD COLUMN max_batch INTEGER;
  ALTER TABLE targets ADD COLUMN batch_wait INTEGER;
  CREATE INDEX batching_targets ON targets (id) WHERE max_batch IS NOT NULL;
  ALTER TABLE deliveries ADD COLUMN batch BLOB;
  CREATE INDEX batched_deliveries ON deliveries (target, batch, id) WHERE batch IS NOT NULL AND state = 0;
  `,
  // Pages of the logs of pods: key and time of the first event of each page, and the size of the last page. Times of
  // arrival do not decrease with the keys of events.
  `
  CREATE TABLE log_pages (
    container INTEGER NOT NULL,
    first INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (container, first)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE containers ADD COLUMN page_events INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE containers ADD COLUMN page_bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE events SET arrived = times.latest FROM (
    SELECT id, MAX(IFNULL(arrived, published)) OVER (ORDER BY id) AS latest FROM events
  ) times WHERE times.id = events.id AND times.latest <> IFNULL(events.arrived, events.published);
  INSERT INTO log_pages (container, first, at)
  SELECT container, event, at FROM (
    SELECT container, event, at, number, before / 1048576 AS part,
      LAG(before / 1048576, 1, -1) OVER (PARTITION BY container ORDER BY event) AS last
    FROM (
      SELECT n.container, n.event, IFNULL(e.arrived, e.published) AS at,
        ROW_NUMBER() OVER (PARTITION BY n.container ORDER BY n.event) AS number,
        SUM(e.bytes) OVER (PARTITION BY n.container ORDER BY n.event) - e.bytes AS before
      FROM pods p JOIN containers c ON c.url = p.url || 'publish/' JOIN entries n ON n.container = c.id
      JOIN events e ON e.id = n.event
    )
  ) WHERE number % 100 = 1 OR part <> last;
  `,
  // Identities that producers gave to events: hashes of their source and id, and of their content.
  `
  CREATE TABLE given_identities (
    pod INTEGER NOT NULL REFERENCES pods,
    agent INTEGER NOT NULL REFERENCES agents,
    hash BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (pod, agent, hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX given_identities_of_event ON given_identities (event);
  `,
  // Sealed credentials of targets.
  `
  ALTER TABLE targets ADD COLUMN credential TEXT;
  `,
  // Filters of subscriptions, one row for all equal filters of a pod; times of the last changes of subscriptions
  // (`modified`); their versions before changes, for events that wait for their fan-out, with keys after `since` and up
  // to `until`.
  `
  CREATE TABLE filters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod INTEGER NOT NULL REFERENCES pods,
    text TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX filters_of_pod ON filters (pod, text);
  ALTER TABLE subscriptions ADD COLUMN filter INTEGER REFERENCES filters;
  ALTER TABLE subscriptions ADD COLUMN modified INTEGER;
  CREATE INDEX filtered_subscriptions ON subscriptions (pod, pattern, filter) WHERE filter IS NOT NULL;
  CREATE INDEX subscriptions_by_filter ON subscriptions (filter) WHERE filter IS NOT NULL;
  CREATE TABLE former_subscriptions (
    pod INTEGER NOT NULL REFERENCES pods,
    pattern TEXT NOT NULL,
    inbox INTEGER NOT NULL,
    subscription INTEGER NOT NULL REFERENCES subscriptions,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    filter INTEGER REFERENCES filters,
    PRIMARY KEY (pod, pattern, inbox, subscription, until)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX former_subscriptions_by_end ON former_subscriptions (pod, until);
  CREATE INDEX former_subscriptions_by_subscription ON former_subscriptions (subscription);
  CREATE INDEX former_subscriptions_by_filter ON former_subscriptions (filter) WHERE filter IS NOT NULL;
  `,
];

/**
 * Temporary tables of one connection: decisions of access and of filters, and the candidates of a sweep.
 *
 * Connections do not share candidates, because a sweep compares only its own candidates with all copies.
 */
const TEMPORARY = `
  CREATE TEMP TABLE readers (
    scope INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    allowed INTEGER NOT NULL,
    PRIMARY KEY (scope, agent)
  ) STRICT, WITHOUT ROWID;
  CREATE TEMP TABLE filter_decisions (
    pod INTEGER NOT NULL,
    event INTEGER NOT NULL,
    filter INTEGER NOT NULL,
    matches INTEGER NOT NULL,
    PRIMARY KEY (pod, event, filter)
  ) STRICT, WITHOUT ROWID;
  CREATE TEMP TABLE unreferenced (event INTEGER PRIMARY KEY) STRICT;
`;

/**
 * Migrates a database to the schema of this version, in one transaction for each migration.
 *
 * @throws Error if the database has a newer schema. It stays unchanged.
 */
export function migrate(db: Database): void {
  assertKnown(db);
  // A migration that recreates a table violates references to it for a moment.
  db.pragma('foreign_keys = OFF');
  for (let step = versionOf(db); step < MIGRATIONS.length; step += 1) {
    db.transaction((): void => {
      // Another process may have run the migration while this one waited.
      if (versionOf(db) === step) {
        db.exec(MIGRATIONS[step]);
        db.pragma(`user_version = ${step + 1}`);
      }
    }).immediate();
  }
  db.pragma('foreign_keys = ON');
  db.exec(TEMPORARY);
}

/**
 * Checks the schema version of a database, before the first write. Only reads.
 *
 * @throws Error if the database has a newer schema than this version supports.
 */
export function assertKnown(db: Database): void {
  const problem = schemaProblem(db);
  if (problem !== undefined) {
    throw new Error(problem);
  }
}

/** Returns an error message if a database has a newer schema than this version supports. */
export function schemaProblem(db: Database): string | undefined {
  const version = versionOf(db);
  return version > MIGRATIONS.length ?
    `The event store ${db.name} was written by a newer version of solid-pod-events: it has schema version ${version}, ` +
    `and this version knows ${MIGRATIONS.length} at most. Start the version that wrote it, or a later one; nothing was ` +
    'changed.' :
    undefined;
}

/** Returns the schema version of a database. */
export function versionOf(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}
