/** The namespace of the terms that no established vocabulary has; `{base}.events/vocabulary` describes them. */
export const EVENTS = 'https://w3id.org/pod-events#';
/** @see https://www.w3.org/TR/activitystreams-vocabulary/ */
export const AS = 'https://www.w3.org/ns/activitystreams#';
/** @see https://schema.org/ */
export const SCHEMA = 'http://schema.org/';
/** @see https://solidproject.org/TR/wac */
export const ACL = 'http://www.w3.org/ns/auth/acl#';
/** @see https://www.w3.org/TR/ldp/ */
export const LDP = 'http://www.w3.org/ns/ldp#';
/** @see https://www.w3.org/TR/xmlschema11-2/ */
export const XSD = 'http://www.w3.org/2001/XMLSchema#';
/** @see https://www.w3.org/TR/rdf11-concepts/ */
export const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
/** @see https://www.w3.org/TR/rdf-schema/ */
export const RDFS = 'http://www.w3.org/2000/01/rdf-schema#';
/** @see http://xmlns.com/foaf/spec/ */
export const FOAF = 'http://xmlns.com/foaf/0.1/';
/** @see https://solidproject.org/TR/oidc */
export const SOLID = 'http://www.w3.org/ns/solid/terms#';
/** @see https://www.w3.org/ns/pim/space */
export const PIM = 'http://www.w3.org/ns/pim/space#';
