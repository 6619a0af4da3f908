import type {
  CatalogueEntry, CatalogueEntryDraft, CatalogueStore, EntryColumn, EntryFilter, SortedPageRequest, System, SystemColumn, SystemDraft,
} from '../../src/catalogue/CatalogueStore';
import type { PageRequest } from '../../src/store/Page';
import { POD, PRODUCER } from './fixtures';
import type { OpenStores } from './stores';
import { shared } from './stores';

const MOST = 10;
const PAGE: PageRequest = { index: 0, size: 10, isDescending: false };

export function aSystem(fields: Partial<SystemDraft> = {}): SystemDraft {
  return { identifier: 'crm', name: 'CRM', class: 'internal', type: 'producer', description: 'Sells houses', client: null, ...fields };
}

export function aCatalogueEntry(system: number, fields: Partial<CatalogueEntryDraft> = {}): CatalogueEntryDraft {
  return { system, name: 'Contact', operation: 'add', description: 'A new one', topic: 'realestate/contact#add', ...fields };
}

/** Contract of `CatalogueStore`. */
export function describeCatalogueStoreContract(name: string, open: OpenStores<'catalogue'>): void {
  describe(`${name}: catalogue`, (): void => {
    let store: CatalogueStore;
    let system: System;
    let begun: number;

    const add = async(fields: Partial<SystemDraft> = {}, pod = POD): Promise<System> =>
      await store.addSystem(pod, aSystem(fields), MOST) as System;
    const addEntry = async(identifier: string, fields: Partial<CatalogueEntryDraft> = {}): Promise<CatalogueEntry> =>
      await store.addEntry(POD, identifier, aCatalogueEntry(system.id, fields), MOST) as CatalogueEntry;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).catalogue;
      await store.open();
      begun = Date.now();
      system = await add();
    });

    afterEach(async(): Promise<void> => store.close());

    it('adds, shows, changes and removes systems.', async(): Promise<void> => {
      expect(system).toEqual({ ...aSystem(), id: expect.any(Number), created: expect.any(Number), updated: system.created });
      expect(system.created).toBeGreaterThanOrEqual(begun);
      expect(system.created).toBeLessThanOrEqual(Date.now());
      expect(await store.getSystem(POD, system.id)).toEqual(system);
      const draft = { identifier: 'erp', name: 'ERP', class: 'external', type: 'both', description: '', client: 4 };
      const changed = { ...system, ...draft, updated: expect.any(Number) };
      expect(await store.changeSystem(POD, system.id, draft)).toEqual(changed);
      expect(await store.getSystem(POD, system.id)).toEqual(changed);
      expect(await store.removeSystem(POD, system.id)).toBe(true);
      expect(await store.removeSystem(POD, system.id)).toBe(false);
      expect(await store.getSystem(POD, system.id)).toBeUndefined();
      expect(await store.changeSystem(POD, system.id, draft)).toBeUndefined();
      expect(await store.listSystems(POD, PAGE)).toEqual({ items: [], total: 0 });
    });

    it('lists systems in the order of their making, page by page.', async(): Promise<void> => {
      const others = [ await add({ identifier: 'a' }), await add({ identifier: 'z' }), await add({ identifier: 'b' }) ];
      await add({ identifier: 'a' }, PRODUCER);
      await store.removeSystem(POD, others[1].id);
      const all = [ system, others[0], others[2] ];
      expect(await store.listSystems(POD, PAGE)).toEqual({ items: all, total: 3 });
      expect(await store.listSystems(POD, { ...PAGE, size: 2 })).toEqual({ items: all.slice(0, 2), total: 3 });
      expect(await store.listSystems(POD, { index: 1, size: 2, isDescending: true })).toEqual({ items: [ system ], total: 3 });
      expect(await store.listSystems(POD, { ...PAGE, index: 5 })).toEqual({ items: [], total: 3 });
      expect(await store.listSystems('http://localhost/nobody/', PAGE)).toEqual({ items: [], total: 0 });
    });

    it('lets no two systems of a pod have one identifier.', async(): Promise<void> => {
      const other = await add({ identifier: 'erp' });
      expect(await store.addSystem(POD, aSystem(), MOST)).toBe('taken');
      expect(await store.changeSystem(POD, other.id, aSystem())).toBe('taken');
      expect(await store.getSystem(POD, other.id)).toEqual(other);
      expect(await store.changeSystem(POD, system.id, aSystem({ name: 'New' }))).toMatchObject({ name: 'New' });
      await store.removeSystem(POD, system.id);
      expect((await add()).id).not.toBe(system.id);
      expect(await add({}, PRODUCER)).toMatchObject({ identifier: 'crm' });
    });

    it('takes no more of either than there may be; what was removed does not count.', async(): Promise<void> => {
      await add({ identifier: '2' });
      expect(await store.addSystem(POD, aSystem({ identifier: '3' }), 2)).toBe('full');
      await store.addEntry(POD, 'one', aCatalogueEntry(system.id), 1);
      expect(await store.addEntry(POD, 'two', aCatalogueEntry(system.id), 1)).toBe('full');
      const [ entry ] = (await store.listEntries(POD, undefined, PAGE)).items;
      await store.removeEntry(POD, entry.id);
      await store.removeSystem(POD, system.id);
      expect(await store.addSystem(POD, aSystem({ identifier: '3' }), 2)).toMatchObject({ identifier: '3' });
    });

    it('keeps systems and entries apart by their pods.', async(): Promise<void> => {
      const entry = await addEntry('contact');
      expect(await store.getSystem(PRODUCER, system.id)).toBeUndefined();
      expect(await store.changeSystem(PRODUCER, system.id, aSystem())).toBeUndefined();
      expect(await store.removeSystem(PRODUCER, system.id)).toBe(false);
      expect(await store.getEntry(PRODUCER, entry.id)).toBeUndefined();
      expect(await store.findEntry(PRODUCER, 'contact')).toBeUndefined();
      expect(await store.changeEntry(PRODUCER, entry.id, aCatalogueEntry(system.id))).toBeUndefined();
      expect(await store.removeEntry(PRODUCER, entry.id)).toBe(false);
      expect(await store.addEntry(PRODUCER, 'contact', aCatalogueEntry(system.id), MOST)).toBe('no system');
      const theirs = await add({}, PRODUCER);
      expect(await store.changeEntry(POD, entry.id, aCatalogueEntry(theirs.id))).toBe('no system');
      expect(await store.listEntries(PRODUCER, undefined, PAGE)).toEqual({ items: [], total: 0 });
      expect(await store.getEntry(POD, entry.id)).toEqual(entry);
    });

    it('adds, shows, changes and removes entries.', async(): Promise<void> => {
      const entry = await addEntry('contact', { schema: '{}' });
      expect(entry).toEqual({
        ...aCatalogueEntry(system.id), schema: '{}', id: expect.any(Number), identifier: 'contact', created: expect.any(Number), updated: entry.created,
        systemName: 'CRM', systemIdentifier: 'crm',
      });
      expect(await store.getEntry(POD, entry.id)).toEqual(entry);
      expect(await store.findEntry(POD, 'contact')).toEqual(entry);
      const erp = await add({ identifier: 'erp', name: 'ERP' });
      const draft = aCatalogueEntry(erp.id, { name: 'Lead', operation: 'drop', description: 'Gone', topic: 'lead' });
      const changed = { ...entry, ...draft, schema: undefined, systemName: 'ERP', systemIdentifier: 'erp', updated: expect.any(Number) };
      expect(await store.changeEntry(POD, entry.id, { ...draft, schema: null })).toEqual(changed);
      expect(await store.findEntry(POD, 'contact')).toEqual(changed);
      expect(await store.removeEntry(POD, entry.id)).toBe(true);
      expect(await store.removeEntry(POD, entry.id)).toBe(false);
      expect(await store.getEntry(POD, entry.id)).toBeUndefined();
      expect(await store.findEntry(POD, 'contact')).toBeUndefined();
      expect(await store.changeEntry(POD, entry.id, draft)).toBeUndefined();
    });

    it('changes the named members alone, also at the same time.', async(): Promise<void> => {
      const client = { client: 'shop::usil.app' };
      expect(await store.changeSystem(POD, system.id, client)).toMatchObject({ ...aSystem(), ...client });
      await Promise.all([ { name: 'One' }, { type: 'two' }, { description: 'three' } ].map(async(changes): Promise<unknown> => store.changeSystem(POD, system.id, changes)));
      expect(await store.getSystem(POD, system.id)).toMatchObject({ ...aSystem(), ...client, name: 'One', type: 'two', description: 'three' });
      expect(await store.changeSystem(POD, system.id, { client: null })).toMatchObject({ name: 'One', client: null });
      const { id } = await addEntry('contact', { schema: '{}' });
      await Promise.all([ { name: 'Lead' }, { operation: 'drop' }, { topic: 'lead' } ].map(async(changes): Promise<unknown> => store.changeEntry(POD, id, changes)));
      const entry = await store.getEntry(POD, id);
      expect(entry).toMatchObject({ ...aCatalogueEntry(system.id), schema: '{}', name: 'Lead', operation: 'drop', topic: 'lead' });
      expect(entry!.updated).toBeGreaterThanOrEqual(entry!.created);
      expect(await store.changeEntry(POD, id, {})).toMatchObject({ name: 'Lead', schema: '{}' });
      expect(await store.changeEntry(POD, id, { schema: null })).not.toHaveProperty('schema');
    });

    it('lists systems of a class with hybrid ones, by each column.', async(): Promise<void> => {
      await store.removeSystem(POD, system.id);
      await add({ identifier: 'c', name: 'beta', class: 'producer', type: 'z', description: 'one', client: 10 });
      await add({ identifier: 'A', name: 'Alpha', class: 'consumer', type: 'Y', description: 'Two', client: 9 });
      await add({ identifier: 'b', name: 'alpha', class: 'hybrid', type: 'x', description: 'three', client: 'text' });
      const listed = async(sort: SystemColumn, isDescending = false, ofClass?: string): Promise<string> =>
        (await store.listSystems(POD, { ...PAGE, sort, isDescending }, { class: ofClass })).items.map(({ identifier }): string => identifier).join('');
      expect(await Promise.all(([ 'id', 'identifier', 'name', 'class', 'type', 'description', 'client' ] as const).map(async(sort): Promise<string> => listed(sort))))
        .toEqual([ 'cAb', 'Abc', 'Abc', 'Abc', 'bAc', 'cbA', 'Acb' ]);
      expect(await listed('name', true)).toBe('cbA');
      expect(await listed('updated')).toBe('cAb');
      expect(await listed('name', false, 'producer')).toBe('bc');
      expect(await listed('id', true, 'consumer')).toBe('bA');
      expect(await store.listSystems(POD, { ...PAGE, size: 1 }, { class: 'consumer' })).toMatchObject({ items: [{ identifier: 'A' }], total: 2 });
      expect((await store.listSystems(POD, PAGE, { class: '\' OR 1 = 1 --' })).items.map(({ identifier }): string => identifier)).toEqual([ 'b' ]);
    });

    it('lists entries by system, name and topic, by each column.', async(): Promise<void> => {
      const erp = await add({ identifier: 'erp', name: 'erp' });
      await addEntry('x-1', { name: 'Beta 100%', operation: 'new', description: 'b', topic: 'realestate/b' });
      await addEntry('X-0', { name: 'alpha_b', system: erp.id, operation: 'update', description: 'A', topic: 'realestate/a' });
      await addEntry('y', { name: 'GAMMA', operation: 'delete', description: 'c', topic: 'other' });
      const listed = async(page: Partial<SortedPageRequest<EntryColumn>>, filter: EntryFilter = {}, topics?: string[]): Promise<string> =>
        (await store.listEntries(POD, topics, { ...PAGE, ...page }, filter)).items.map(({ name }): string => name[0]).join('');
      expect(await Promise.all(([ 'id', 'identifier', 'system', 'systemName', 'systemIdentifier', 'name', 'operation', 'description', 'topic', 'updated' ] as const)
        .map(async(sort): Promise<string> => listed({ sort })))).toEqual([ 'BaG', 'aBG', 'BGa', 'BGa', 'BGa', 'aBG', 'GBa', 'aBG', 'GaB', 'BaG' ]);
      expect(await listed({ sort: 'name', isDescending: true, size: 2 }, {}, [ '*' ])).toBe('GB');
      expect(await listed({ sort: 'name' }, {}, [ 'realestate/*' ])).toBe('aB');
      expect(await listed({}, { system: erp.id })).toBe('a');
      expect(await listed({}, { system: erp.id, name: 'beta' })).toBe('');
      expect(await listed({}, { name: 'B' })).toBe('Ba');
      expect(await listed({}, { name: '%' })).toBe('B');
      expect(await listed({}, { name: '_' })).toBe('a');
      expect(await listed({}, { name: '\'' })).toBe('');
      expect(await listed({}, { system: system.id }, [ 'realestate/*' ])).toBe('B');
      expect((await store.listEntries(POD, [ 'realestate/*' ], { ...PAGE, size: 1 }, { name: 'b' })).total).toBe(2);
    });

    it('lets no two entries of a pod have one identifier.', async(): Promise<void> => {
      await addEntry('contact');
      expect(await store.addEntry(POD, 'contact', aCatalogueEntry(system.id), MOST)).toBe('taken');
      const theirs = await add({}, PRODUCER);
      expect(await store.addEntry(PRODUCER, 'contact', aCatalogueEntry(theirs.id), MOST)).toMatchObject({ identifier: 'contact' });
    });

    it('removes no system that has entries.', async(): Promise<void> => {
      const entry = await addEntry('contact');
      expect(await store.removeSystem(POD, system.id)).toBe('used');
      expect(await store.getSystem(POD, system.id)).toEqual(system);
      await store.removeEntry(POD, entry.id);
      expect(await store.removeSystem(POD, system.id)).toBe(true);
      expect(await store.addEntry(POD, 'late', aCatalogueEntry(system.id), MOST)).toBe('no system');
    });

    it('lists entries page by page, also of some topics alone.', async(): Promise<void> => {
      const entries = [
        await addEntry('one'), await addEntry('two', { topic: 'lead' }), await addEntry('three', { topic: 'realestate/contact' }), await addEntry('four'),
      ];
      await store.removeEntry(POD, (await addEntry('five')).id);
      expect(await store.listEntries(POD, undefined, PAGE)).toEqual({ items: entries, total: 4 });
      expect(await store.listEntries(POD, undefined, { index: 1, size: 3, isDescending: true })).toEqual({ items: [ entries[0] ], total: 4 });
      const listed = async(topics: string[], page = PAGE): Promise<unknown> => {
        const { items, total } = await store.listEntries(POD, topics, page);
        return [ items.map(({ identifier }): string => identifier), total ];
      };
      expect(await listed([ 'realestate/*' ])).toEqual([[ 'one', 'three', 'four' ], 3 ]);
      expect(await listed([ 'realestate/*', 'lead' ], { index: 0, size: 2, isDescending: true })).toEqual([[ 'four', 'three' ], 4 ]);
      expect(await listed([ 'realestate/*' ], { index: 1, size: 2, isDescending: false })).toEqual([[ 'four' ], 3 ]);
      expect(await listed([])).toEqual([[], 0 ]);
    });

    it('keeps identifiers unique and bounds exact when several are added at the same time.', async(): Promise<void> => {
      const same = await Promise.all([ 1, 2, 3 ].map(async(): Promise<unknown> => store.addSystem(POD, aSystem({ identifier: 'erp' }), MOST)));
      expect(same.filter((added): boolean => added === 'taken')).toHaveLength(2);
      const many = await Promise.all(Array.from({ length: 8 }, async(_, index): Promise<unknown> => store.addSystem(POD, aSystem({ identifier: `${index}` }), 5)));
      expect(many.filter((added): boolean => added === 'full')).toHaveLength(5);
      const entries = await Promise.all(Array.from({ length: 6 }, async(_, index): Promise<unknown> =>
        store.addEntry(POD, `${index % 3}`, aCatalogueEntry(system.id), 2)));
      expect(entries.filter((added): boolean => typeof added === 'object')).toHaveLength(2);
      expect((await store.listEntries(POD, undefined, PAGE)).total).toBe(2);
    });

    it('adds no entry to a system that is removed at the same time.', async(): Promise<void> => {
      for (let index = 0; index < 5; index += 1) {
        const { id } = await add({ identifier: `s${index}` });
        const [ entry, removed ] = await Promise.all([ store.addEntry(POD, `e${index}`, aCatalogueEntry(id), MOST), store.removeSystem(POD, id) ]);
        expect([ typeof entry, removed ]).toEqual(removed === 'used' ? [ 'object', 'used' ] : [ 'string', true ]);
      }
    });
  });
}
