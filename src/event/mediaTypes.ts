export const JSON_MEDIA_TYPE = 'application/json';
export const JSON_LD = 'application/ld+json';
export const TURTLE = 'text/turtle';
