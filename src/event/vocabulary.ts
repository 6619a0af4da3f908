/**
 * Namespace of terms that no established vocabulary has. `vocab/` describes them, and `{base}.events/vocab` serves it.
 */
export const EVENTS = 'https://w3id.org/pod-events#';
/**
 * ActivityStreams 2.0.
 *
 * @see https://www.w3.org/TR/activitystreams-vocabulary/
 */
export const AS = 'https://www.w3.org/ns/activitystreams#';
/**
 * Schema.org.
 *
 * @see https://schema.org/
 */
export const SCHEMA = 'http://schema.org/';
/**
 * Web Access Control.
 *
 * @see https://solidproject.org/TR/wac
 */
export const ACL = 'http://www.w3.org/ns/auth/acl#';
/**
 * Linked Data Platform.
 *
 * @see https://www.w3.org/TR/ldp/
 */
export const LDP = 'http://www.w3.org/ns/ldp#';
/**
 * Linked Data Event Streams.
 *
 * @see https://w3id.org/ldes/specification
 */
export const LDES = 'https://w3id.org/ldes#';
/**
 * Pages of collections.
 *
 * @see https://w3id.org/tree/specification
 */
export const TREE = 'https://w3id.org/tree#';
/**
 * XML Schema datatypes.
 *
 * @see https://www.w3.org/TR/xmlschema11-2/
 */
export const XSD = 'http://www.w3.org/2001/XMLSchema#';
/**
 * RDF concepts.
 *
 * @see https://www.w3.org/TR/rdf11-concepts/
 */
export const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
/**
 * RDF Schema.
 *
 * @see https://www.w3.org/TR/rdf-schema/
 */
export const RDFS = 'http://www.w3.org/2000/01/rdf-schema#';
/**
 * Friend of a Friend.
 *
 * @see http://xmlns.com/foaf/spec/
 */
export const FOAF = 'http://xmlns.com/foaf/0.1/';
/**
 * Solid terms, such as `solid:oidcIssuer`.
 *
 * @see https://solidproject.org/TR/oidc
 */
export const SOLID = 'http://www.w3.org/ns/solid/terms#';
/**
 * Workspace ontology, with `pim:storage`.
 *
 * @see https://www.w3.org/ns/pim/space
 */
export const PIM = 'http://www.w3.org/ns/pim/space#';
