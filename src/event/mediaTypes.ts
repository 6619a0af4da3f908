export const JSON_MEDIA_TYPE = 'application/json';
export const JSON_LD = 'application/ld+json';
export const TURTLE = 'text/turtle';
export const N_TRIPLES = 'application/n-triples';
export const N_QUADS = 'application/n-quads';
export const TRIG = 'application/trig';
export const N3 = 'text/n3';
