import { toEntryDraft, toSystemDraft } from '../../catalogue/catalogueDraft';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import type { CatalogueEntryDraft, SystemDraft } from '../../catalogue/CatalogueStore';
import type { Task } from '../../work/Work';

/** A body of a request to add, change or remove an event or a system of the catalogue. */
export interface CatalogueBody {
  /** Its member `id`: `undefined` if there is none, `null` if it is neither a number nor a text. */
  readonly id?: number | string | null;
  readonly draft?: CatalogueEntryDraft | SystemDraft;
  /** Why there is no draft. */
  readonly fault?: string;
}

/** Reads a body of the catalogue. */
export const READ_CATALOGUE_BODY: Task<{ readonly text: string; readonly kind: 'event' | 'system' }, CatalogueBody> = {
  name: 'readCatalogueBody',
  run: ({ text, kind }): CatalogueBody => {
    const { value } = parseJson(text);
    const id: unknown = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
    const body = { ...id !== undefined && { id: typeof id === 'number' || typeof id === 'string' ? id : null }};
    try {
      return { ...body, draft: kind === 'event' ? toEntryDraft(value) : toSystemDraft(value) };
    } catch (error: unknown) {
      if (error instanceof InvalidInput) {
        return { ...body, fault: error.message };
      }
      throw error;
    }
  },
};
