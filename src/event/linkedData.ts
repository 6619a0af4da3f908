/**
 * How JSON data can be read as linked data.
 */
export interface DataReading {
  /** Whether a key would break a JSON-LD parser, so that the whole is kept as one literal. */
  readonly asLiteral: boolean;
  /** Whether every `type` can be an `@type`: a text, or a list of texts. */
  readonly typeIsType: boolean;
  /** Whether every `id` can be an `@id`: an absolute IRI. */
  readonly idIsId: boolean;
  /** Whether a key begins with `@`, so that only a parser can tell if the data is valid JSON-LD. */
  readonly hasKeywords: boolean;
  /** Whether the data brings a context of its own. */
  readonly hasContext: boolean;
}

const IRI = /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]+$/iu;

/**
 * Walks the keys of JSON data once, to tell how it can be read as linked data.
 *
 * @param data - Any parsed JSON value, nested no deeper than the limit.
 */
export function inspectData(data: unknown): DataReading {
  const reading = { asLiteral: false, typeIsType: true, idIsId: true, hasKeywords: false, hasContext: false };
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(walk);
    } else if (typeof value === 'object' && value !== null) {
      for (const [ key, child ] of Object.entries(value)) {
        if (key.startsWith('@')) {
          reading.hasKeywords = true;
          reading.hasContext ||= key === '@context';
        } else if (key in Object.prototype) {
          // JSON-LD parsers look terms up in plain objects.
          reading.asLiteral = true;
        } else if (key === 'type') {
          reading.typeIsType &&= isTextOrTexts(child);
        } else if (key === 'id') {
          reading.idIsId &&= typeof child === 'string' && IRI.test(child);
        }
        walk(child);
      }
    }
  };
  walk(data);
  return reading;
}

function isTextOrTexts(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every((item): boolean => typeof item === 'string'));
}
