import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import DatabaseConstructor from 'better-sqlite3';
import { v7 } from 'uuid';
import { defaultKeyFile, newKey, readKeyFile, writeKeyFile } from '../../../src/store-sqlite/keyFile';
import { startProblem, secretProblem } from '../../../src/store-sqlite/inspection';
import { discardSecrets } from '../../../src/store-sqlite/sealing';
import { SecretCipher } from '../../../src/store-sqlite/SecretCipher';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { rotateKeyCommand } from '../../../src/server-cli/rotateKey';

const POD = 'http://localhost/user/';
const AGENT = 'https://alice.example/card#me';
const SECRET = 'whsec_current0000000000000000000000000000';
const FORMER = 'whsec_former00000000000000000000000000000';
const TOKEN = '{"token":"access-token-000000000000000000000"}';

describe('Secrets of a store', (): void => {
  let folder: string;
  let file: string;
  const sessions: SqliteSession[] = [];

  beforeEach((): void => {
    folder = mkdtempSync(join(tmpdir(), 'sealing-'));
    file = defaultKeyFile(folder);
  });

  afterEach((): void => {
    sessions.splice(0).forEach((session): void => session.close());
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (keyFile?: string, createsKey?: boolean): SqliteSession => {
    const session = new SqliteSession(folder, undefined, keyFile, createsKey);
    sessions.push(session);
    session.open();
    return session;
  };
  const close = (): void => sessions.splice(0).forEach((session): void => session.close());
  /** Adds a webhook with all kinds of secrets, and a due delivery to it. */
  async function fill(session: SqliteSession, name = 'a'): Promise<void> {
    const url = `https://hooks.example/${name}`;
    const id = v7();
    await new SqliteEventStore(session).addSubscription(
      { id, pod: POD, pattern: '*', url, agent: AGENT, created: 5 },
      undefined,
      undefined,
      { kind: 'webhook', host: 'hooks.example', secret: FORMER, credential: TOKEN },
    );
    const once = { pod: POD, agent: AGENT, key: `k-${name}`, fingerprint: 'f' };
    await new SqliteDeliveryStore(session).rotateSecret(POD, id, SECRET, once);
    await expect(new SqliteDeliveryStore(session).rotateSecret(POD, id, 'whsec_other', once))
      .rejects.toMatchObject({ response: { result: SECRET }});
    await session.write((): void => {
      const event = session.run(`INSERT INTO events (uuid, pod, topic, published, context, members, bytes)
        VALUES (randomblob(16), ?, 'a', 1, ?, '{}', 2)`, session.key('pods', 'url', POD), session.key('contexts', 'text', '{}')).lastInsertRowid;
      session.run(`INSERT INTO deliveries (event, target, host, pod, subscription, created, due)
        SELECT ?, t.id, t.host, s.pod, s.uuid, 1, 1 FROM targets t JOIN subscriptions s ON s.target = t.id WHERE t.url = ?`, event, url);
      session.run('UPDATE hosts SET next = 1');
    });
  }
  const claimed = async(session: SqliteSession): Promise<unknown[]> => {
    const found = await new SqliteDeliveryStore(session).claim([{ host: 1, limit: 10 }], Date.now(), 1);
    return found.map(({ secrets, credential }): unknown => ({ secrets, credential }));
  };
  const ALL = { secrets: [ SECRET, FORMER ], credential: TOKEN };
  /** The secrets that a file of the data folder has in plain text. */
  const found = (): string[] => readdirSync(join(folder, '.events')).flatMap((name): string[] => {
    const content = readFileSync(join(folder, '.events', name)).toString('latin1');
    return [ SECRET, FORMER, 'access-token' ].filter((secret): boolean => content.includes(secret));
  });
  const sealed = (session: SqliteSession): string[] => session.all<{ text: string }>(`
    SELECT secret AS text FROM targets UNION ALL SELECT credential FROM targets UNION ALL SELECT secret FROM former_secrets
    UNION ALL SELECT result FROM made`).map(({ text }): string => text);

  it('are encrypted with a key in a file of its own, which only its owner can read.', async(): Promise<void> => {
    const session = open();
    await fill(session);
    expect(await claimed(session)).toEqual([ ALL ]);
    const [ key ] = readKeyFile(file)!;
    expect(sealed(session)).toEqual(Array.from({ length: 4 }, (): unknown => expect.stringMatching(new RegExp(`^sealed:${key.id}:[\\w-]+$`, 'u'))));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    close();
    expect(found()).toEqual([]);
    expect(await claimed(open())).toEqual([ ALL ]);
  });

  it('have one key for processes that start at once, and one in memory for a store in memory.', async(): Promise<void> => {
    expect(open().cipher.keyId).toBe(open().cipher.keyId);
    const memory = new SqliteSession(IN_MEMORY);
    sessions.push(memory);
    await fill(memory);
    expect(await claimed(memory)).toEqual([ ALL ]);
  });

  it('that an older version stored are encrypted, and no remains are left in the file.', async(): Promise<void> => {
    const session = open();
    await fill(session);
    await session.write((): void => {
      session.run('UPDATE targets SET secret = ?, credential = ?', SECRET, TOKEN);
      session.run('UPDATE former_secrets SET secret = ?', FORMER);
      session.run('UPDATE made SET result = ?', SECRET);
      session.run('DELETE FROM settings WHERE name = \'secret_keys\'');
    });
    close();
    expect(found()).not.toEqual([]);
    const again = open();
    expect(sealed(again).every((text): boolean => text.startsWith('sealed:'))).toBe(true);
    expect(await claimed(again)).toEqual([ ALL ]);
    expect(secretProblem(folder)).toBeUndefined();
    expect(found()).toEqual([]);
    close();
    expect(found()).toEqual([]);
  });

  it('are encrypted with the first key of the file, also after an interruption; former keys can then go.', async(): Promise<void> => {
    const session = open();
    await fill(session);
    await fill(session, 'b');
    close();
    const next = newKey();
    writeKeyFile(file, [ next, ...readKeyFile(file)! ]);
    // One row has the new key already, as after an interruption.
    const cipher = new SecretCipher(readKeyFile(file)!);
    const db = new DatabaseConstructor(join(folder, '.events', 'events.sqlite'));
    db.prepare('UPDATE targets SET secret = ? WHERE id = 1').run(cipher.seal(SECRET, [ 'secret', 'webhook', 1 ]));
    db.close();
    const again = open();
    expect(new Set(sealed(again).map((text): string => text.split(':')[1]))).toEqual(new Set([ next.id ]));
    close();
    writeKeyFile(file, [ next ]);
    expect(await claimed(open())).toEqual([ ALL, ALL ]);
  });

  it('cannot be used in another row, nor after a change: nothing is sent without them.', async(): Promise<void> => {
    const session = open();
    await fill(session);
    await fill(session, 'b');
    await session.write((): void => {
      session.run('UPDATE targets SET secret = (SELECT secret FROM targets WHERE id = 2) WHERE id = 1');
      session.run('UPDATE targets SET credential = substr(credential, 1, length(credential) - 2) || \'AA\' WHERE id = 2');
    });
    expect(await claimed(session)).toEqual(Array.from({ length: 2 }, (): object => ({ secrets: [], credential: null })));
  });

  it('prevent a start without their key, with the remedy.', async(): Promise<void> => {
    await fill(open());
    close();
    const key = readFileSync(file);
    rmSync(file);
    for (const problem of [ startProblem(folder, 'http://localhost/'), secretProblem(folder) ]) {
      expect(problem).toMatch(/^There is no key file .*secret\.key with the key [\da-f]{8}.*--eventsKeyFile.*rotate-key --discard/u);
    }
    expect((): unknown => open()).toThrow('There is no key file');
    expect(existsSync(file)).toBe(false);
    writeKeyFile(file, [ newKey() ]);
    expect((): unknown => open()).toThrow('lacks the key');
    writeFileSync(file, key);
    chmodSync(file, 0o640);
    expect((): unknown => open()).toThrow(/accessible to other users \(mode 640\).*chmod 600/u);
    chmodSync(file, 0o600);
    for (const content of [ '', 'x', `${key.toString()}short=\n`, key.toString().slice(0, 40), '\n'.repeat(10_000) ]) {
      writeFileSync(file, content);
      expect((): unknown => open()).toThrow('is not valid: expected one key');
    }
    writeFileSync(file, key);
    expect(await claimed(open())).toEqual([ ALL ]);
  });

  it('have a key file at another place, which is required if the store is shared.', async(): Promise<void> => {
    const other = join(folder, 'keys', 'events.key');
    expect((): unknown => open(other, false)).toThrow('openssl rand -base64 32');
    await fill(open(other));
    expect([ existsSync(other), existsSync(file) ]).toEqual([ true, false ]);
    close();
    expect(await claimed(open(other, false))).toEqual([ ALL ]);
    expect(secretProblem(folder, other)).toBeUndefined();
    expect(secretProblem(folder)).toContain('There is no key file');
  });

  it('get a new key by rotate-key, and those with a lost key are discarded on request only.', async(): Promise<void> => {
    await fill(open());
    close();
    const printed: string[] = [];
    const io = { cwd: folder, env: {}, out: (text: string): unknown => printed.push(text), err: (): void => {} } as never;
    const [ former ] = readKeyFile(file)!;
    expect(await rotateKeyCommand([ '-f', folder, '--json' ], io)).toBe(0);
    const [ current, kept ] = readKeyFile(file)!;
    expect([ kept.id, JSON.parse(printed[0]) ]).toEqual([ former.id, { keyFile: file, key: current.id, discarded: 0 }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const session = open();
    expect(await claimed(session)).toEqual([ ALL ]);
    expect(discardSecrets(session.direct((db): unknown => db) as never, session.cipher)).toBe(0);
    close();
    rmSync(file);
    await expect(rotateKeyCommand([ '-f', folder ], io)).rejects.toThrow('There is no key file');
    expect(await rotateKeyCommand([ '-f', folder, '--discard' ], io)).toBe(0);
    expect(printed.at(-1)).toContain('1 webhooks without a readable secret are disabled');
    const again = open();
    expect(again.get('SELECT secret, credential, disabled > 0 AS disabled FROM targets')).toEqual({ secret: null, credential: null, disabled: 1 });
    // Subscribing again creates a secret.
    const added = await new SqliteEventStore(again).addSubscription(
      { id: v7(), pod: POD, pattern: '*', url: 'https://hooks.example/a', agent: AGENT, created: 5 },
      undefined,
      undefined,
      { kind: 'webhook', host: 'hooks.example', secret: SECRET },
    );
    expect(added).toMatchObject({ isSecretNew: true, isResumed: true });
  });
});
