import type { ListingPlace } from './ports';

/** Matches a position as text: three numbers of at most 53 bits in base 36. */
const PLACE = /^p([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})$/u;

/** Returns a position as the text of `next`. */
export function formatPlace({ event, late, notification }: ListingPlace): string {
  return `p${[ event, late, notification ].map((part): string => part.toString(36)).join('.')}`;
}

/** Parses the text of a position; `undefined` for any other text. */
export function parsePlace(text: string): ListingPlace | undefined {
  const parts = PLACE.exec(text)?.slice(1).map((part): number => Number.parseInt(part, 36));
  if (!parts || !parts.every(Number.isSafeInteger)) {
    return undefined;
  }
  const [ event, late, notification ] = parts;
  return { event, late, notification };
}
