import type { NewEntry } from '../../catalogue/catalogueDraft';
import { toEntryChanges, toNewEntry, toSystemChanges, toSystemDraft } from '../../catalogue/catalogueDraft';
import type { CatalogueEntryChanges, SystemChanges, SystemDraft } from '../../catalogue/CatalogueStore';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import type { Task } from '../../work/Work';

/** Drafts of a body, by the subject and the purpose of its request. */
export interface CatalogueDrafts {
  readonly newEvent: NewEntry;
  readonly newSystem: SystemDraft;
  readonly changedEvent: CatalogueEntryChanges;
  readonly changedSystem: SystemChanges;
}

/** A body of a request to add, change or remove an event or a system of the catalogue. */
export interface CatalogueBody {
  /** Its member `id`: `undefined` if absent, `null` if it is neither a number nor a text. */
  readonly id?: number | string | null;
  /** The draft of the requested kind. */
  readonly draft?: CatalogueDrafts[keyof CatalogueDrafts];
  /** Reason for the absence of a draft. */
  readonly fault?: string;
}

const READERS: { readonly [K in keyof CatalogueDrafts]: (body: unknown) => CatalogueDrafts[K] } = {
  newEvent: toNewEntry,
  newSystem: toSystemDraft,
  changedEvent: toEntryChanges,
  changedSystem: toSystemChanges,
};

/** Reads a body of the catalogue. An empty one is an empty object, as in eventhos' server. */
export const READ_CATALOGUE_BODY: Task<
  { readonly text: string; readonly kind: keyof CatalogueDrafts },
  CatalogueBody
> = {
  name: 'readCatalogueBody',
  run: ({ text, kind }): CatalogueBody => {
    const { value } = parseJson(text.trim() === '' ? '{}' : text);
    const id: unknown = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
    const body = { ...id !== undefined && { id: typeof id === 'number' || typeof id === 'string' ? id : null }};
    try {
      return { ...body, draft: READERS[kind](value) };
    } catch (error: unknown) {
      if (error instanceof InvalidInput) {
        return { ...body, fault: error.message };
      }
      throw error;
    }
  },
};
