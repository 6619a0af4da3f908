import { mintIdentifier, toEntryDraft, toKey, toSystemDraft } from '../../../src/catalogue/catalogueDraft';
import { InvalidInput } from '../../../src/event/InvalidInput';

const SYSTEM = { name: 'CRM', identifier: 'crm', class: 'producer', type: 'api', description: 'Knows customers' };
const ENTRY = { system_id: 1, name: 'New contact', operation: 'new', description: '', topic: 'realestate/contact#add' };

describe('A draft of a system', (): void => {
  it('is read.', (): void => {
    expect(toSystemDraft({ ...SYSTEM, id: 7, createdAt: 'then' })).toEqual(SYSTEM);
    expect(toSystemDraft({ name: ' CRM ', identifier: 'crm', class: 'hybrid', description: null }))
      .toEqual({ name: 'CRM', identifier: 'crm', class: 'hybrid', type: '', description: '' });
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

  it.each([ null, [ SYSTEM ], 'text', 7, undefined ])('is no %j.', (body): void => {
    expect((): unknown => toSystemDraft(body)).toThrow('Invalid body; it is not a JSON object');
  });
});

describe('A draft of an event', (): void => {
  it('is read.', (): void => {
    expect(toEntryDraft({ ...ENTRY, identifier: 'kept-0123456789' })).toEqual({
      system: 1, name: 'New contact', operation: 'new', description: '', topic: 'realestate/contact#add',
    });
    expect(toEntryDraft({ ...ENTRY, system_id: '12', schema: { type: 'object' }})).toMatchObject({ system: 12, schema: '{"type":"object"}' });
    expect(toEntryDraft({ ...ENTRY, schema: null })).not.toHaveProperty('schema');
    expect(toEntryDraft({ ...ENTRY, schema: false })).toMatchObject({ schema: 'false' });
  });

  it.each([
    [{ system_id: undefined }, 'system_id is required' ],
    [{ system_id: -1 }, 'system_id -1 will not do' ],
    [{ system_id: 1.5 }, 'system_id 1.5 will not do' ],
    [{ operation: 'create' }, 'operation "create" will not do: it is one of select, new, update, delete, process' ],
    [{ topic: undefined }, 'topic is required' ],
    [{ topic: '' }, 'topic "" will not do' ],
    [{ topic: 'a\nb' }, 'topic "a\\nb" will not do' ],
    [{ schema: { enum: [ 'x'.repeat(64 * 1_024) ]}}, 'schema has 65549 bytes, and at most 65536' ],
  ])('is refused with %j.', (change, message): void => {
    expect((): unknown => toEntryDraft({ ...ENTRY, ...change })).toThrow(`Invalid body; ${message}`);
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

describe('A key', (): void => {
  it.each([[ 7, 7 ], [ '7', 7 ], [ 0, 0 ], [ '', undefined ], [ '7a', undefined ], [ '1'.repeat(16), undefined ], [ 2 ** 53, undefined ], [ null, undefined ], [ true, undefined ]])('of %j is %j.', (value, key): void => {
    expect(toKey(value)).toBe(key);
  });
});
