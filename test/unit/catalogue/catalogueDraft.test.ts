import { mintIdentifier, toEntryChanges, toKey, toNewEntry, topicOf, toSystemChanges, toSystemDraft } from '../../../src/catalogue/catalogueDraft';
import { isTopic } from '../../../src/event/Topic';
import { InvalidInput } from '../../../src/event/InvalidInput';

const SYSTEM = { name: 'CRM', identifier: 'crm', class: 'producer', type: 'api', description: 'Knows customers' };
const ENTRY = { system_id: 1, name: 'New contact', operation: 'new', description: '', topic: 'realestate/contact#add' };

describe('A draft of a system', (): void => {
  it('is read.', (): void => {
    expect(toSystemDraft({ ...SYSTEM, id: 7, createdAt: 'then' })).toEqual({ ...SYSTEM, client: null });
    expect(toSystemDraft({ name: ' CRM ', identifier: 'crm', class: 'hybrid', description: null }))
      .toEqual({ name: 'CRM', identifier: 'crm', class: 'hybrid', type: '', description: '', client: null });
  });

  it.each([
    [{ name: undefined }, 'name is required' ],
    [{ name: '  ' }, 'name "  " will not do: it is not empty' ],
    [{ name: 7 }, 'name 7 will not do: it is a text' ],
    [{ name: 'x'.repeat(201) }, 'name has 201 characters, and at most 200' ],
    [{ identifier: '' }, 'identifier "" will not do' ],
    [{ class: 'other' }, 'class "other" will not do: it is one of producer, consumer, hybrid' ],
    [{ class: undefined }, 'class is required' ],
    [{ type: [] }, 'type [] will not do: it is a text' ],
    [{ description: 'x'.repeat(2_001) }, 'description has 2001 characters, and at most 2000' ],
  ])('is refused with %j.', (change, message): void => {
    expect((): unknown => toSystemDraft({ ...SYSTEM, ...change })).toThrow(InvalidInput);
    expect((): unknown => toSystemDraft({ ...SYSTEM, ...change })).toThrow(`Invalid body; ${message}`);
  });

  it('has the names of members that clients of eventhos send.', (): void => {
    const { class: kind, ...rest } = SYSTEM;
    expect(toSystemDraft({ ...rest, systemClass: kind, clientId: 4 })).toEqual({ ...SYSTEM, client: 4 });
    expect(toSystemDraft({ ...SYSTEM, systemClass: kind, client_id: 'shop::usil.app' })).toMatchObject({ class: kind, client: 'shop::usil.app' });
    expect(toSystemDraft({ ...SYSTEM, clientId: '' })).toMatchObject({ client: null });
    expect((): unknown => toSystemDraft({ ...SYSTEM, systemClass: 'hybrid' })).toThrow('Invalid body; class and systemClass differ: send one of them');
    expect((): unknown => toSystemDraft({ ...SYSTEM, client_id: 1, clientId: 2 })).toThrow('client_id and clientId differ');
  });

  it.each([ 1.5, {}, true, 'x'.repeat(201), 2 ** 60 ])('is refused with the client %j.', (clientId): void => {
    expect((): unknown => toSystemDraft({ ...SYSTEM, clientId })).toThrow('Invalid body; client_id');
  });

  it('has changes, which are the members that are sent.', (): void => {
    expect(toSystemChanges({})).toEqual({});
    expect(toSystemChanges({ name: ' New ', systemClass: 'hybrid', description: null })).toEqual({ name: 'New', class: 'hybrid', description: '' });
    expect(toSystemChanges({ client_id: null })).toEqual({ client: null });
    expect((): unknown => toSystemChanges({ name: null })).toThrow('Invalid body; name is required');
    expect((): unknown => toSystemChanges([])).toThrow('Invalid body; it is not a JSON object');
    expect((): unknown => toSystemChanges({ class: 'other' })).toThrow('class "other" will not do');
  });

  it.each([ null, [ SYSTEM ], 'text', 7, undefined ])('is no %j.', (body): void => {
    expect((): unknown => toSystemDraft(body)).toThrow('Invalid body; it is not a JSON object');
  });
});

describe('A draft of an event', (): void => {
  it('is read.', (): void => {
    expect(toNewEntry({ ...ENTRY, identifier: 'kept-0123456789' })).toEqual({
      system: 1, name: 'New contact', operation: 'new', description: '', topic: 'realestate/contact#add',
      stem: 'kept-0123456789',
    });
    expect(toNewEntry({ ...ENTRY, topic: undefined, identifier: ' ' })).toEqual({ system: 1, name: 'New contact', operation: 'new', description: '' });
    expect(toNewEntry({ ...ENTRY, topic: null })).not.toHaveProperty('topic');
    expect(toNewEntry({ ...ENTRY, system_id: '12', schema: { type: 'object' }})).toMatchObject({ system: 12, schema: '{"type":"object"}' });
    expect(toNewEntry({ ...ENTRY, schema: null })).not.toHaveProperty('schema');
    expect(toNewEntry({ ...ENTRY, schema: false })).toMatchObject({ schema: 'false' });
  });

  it.each([
    [{ system_id: undefined }, 'system_id is required' ],
    [{ system_id: -1 }, 'system_id -1 will not do' ],
    [{ system_id: 1.5 }, 'system_id 1.5 will not do' ],
    [{ operation: 'create' }, 'operation "create" will not do: it is one of select, new, update, delete, process, execution, other' ],
    [{ topic: 7 }, 'topic 7 will not do' ],
    [{ identifier: 7 }, 'identifier 7 will not do' ],
    [{ identifier: 'a\nb' }, 'identifier "a\\nb" will not do: it has no control characters' ],
    [{ identifier: 'x'.repeat(101) }, 'identifier has 101 characters, and at most 100' ],
    [{ topic: '' }, 'topic "" will not do' ],
    [{ topic: 'a\nb' }, 'topic "a\\nb" will not do' ],
    [{ schema: { enum: [ 'x'.repeat(64 * 1_024) ]}}, 'schema has 65549 bytes, and at most 65536' ],
  ])('is refused with %j.', (change, message): void => {
    expect((): unknown => toNewEntry({ ...ENTRY, ...change })).toThrow(`Invalid body; ${message}`);
  });
});

describe('Changes of an event', (): void => {
  it('are the members that are sent, except the identifier.', (): void => {
    expect(toEntryChanges({})).toEqual({});
    expect(toEntryChanges({ id: 7, identifier: 'x', name: 'New', operation: 'other', description: 'd' })).toEqual({ name: 'New', operation: 'other', description: 'd' });
    expect(toEntryChanges({ system_id: '7', topic: 'a', schema: null })).toEqual({ system: 7, topic: 'a', schema: null });
    expect(toEntryChanges({ schema: {}})).toEqual({ schema: '{}' });
    expect((): unknown => toEntryChanges({ system_id: null })).toThrow('Invalid body; system_id is required');
    expect((): unknown => toEntryChanges({ topic: '' })).toThrow('topic "" will not do');
  });
});

describe('A default topic', (): void => {
  it.each([
    [ 'crm', 'New contact', 'crm/new-contact#new' ],
    [ 'C R/M#1', ' 100%/../etc ', 'c-r-m-1/100-etc#new' ],
    [ '***', '#', 'system/event#new' ],
    [ '顧客', '新しい 連絡先', '顧客/新しい-連絡先#new' ],
    [ 'x'.repeat(200), '語'.repeat(200), `${'x'.repeat(200)}/${'語'.repeat(200)}#new` ],
  ])('of %j and %j has their words, and the operation.', (identifier, name, topic): void => {
    expect(topicOf({ identifier }, { name, operation: 'new' })).toBe(topic);
    expect(isTopic(topic)).toBe(true);
  });
});

describe('An identifier', (): void => {
  it.each([
    [ 'New Bomb', 'new-bomb' ],
    [ '  Überprüfung: fällig!  ', 'uberprufung-fallig' ],
    [ '新しい', 'event' ],
    [ 'x'.repeat(200), 'x'.repeat(50) ],
    [ `${'x'.repeat(49)} y`, 'x'.repeat(49) ],
  ])('of %j has its words in front of random characters.', (name, slug): void => {
    const identifier = mintIdentifier(name);
    expect(identifier.slice(0, -11)).toBe(slug);
    expect(identifier).toMatch(/-[A-Za-z0-9]{10}$/u);
    expect(mintIdentifier(name)).not.toBe(identifier);
  });
});

it('has a stem that was sent.', (): void => {
  expect(mintIdentifier('New contact', 'new contact_new')).toMatch(/^new contact_new-[A-Za-z0-9]{10}$/u);
});

describe('A key', (): void => {
  it.each([[ 7, 7 ], [ '7', 7 ], [ 0, 0 ], [ '', undefined ], [ '7a', undefined ], [ '1'.repeat(16), undefined ], [ 2 ** 53, undefined ], [ null, undefined ], [ true, undefined ]])('of %j is %j.', (value, key): void => {
    expect(toKey(value)).toBe(key);
  });
});
