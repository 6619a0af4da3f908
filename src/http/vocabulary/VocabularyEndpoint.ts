import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PreferenceParser } from '../../css';
import { cleanPreferences } from '../../css';
import { JSON_LD, JSON_MEDIA_TYPE, TURTLE } from '../../event/mediaTypes';
import { matchesTag } from '../conditions';
import { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import { namedFirst } from '../namedTypes';
import { parseVocabulary, VOCABULARY_STYLE, vocabularyHtml, vocabularyJsonLd } from './vocabularyForms';

/** Turtle source of the vocabulary, in the package. */
const SOURCE = join(__dirname, '../../../vocab/pod-events.ttl');
const PATH = '.events/vocab';
const HTML = 'text/html';
/** Media types in order of preference of the server. */
const TYPES = [ TURTLE, JSON_LD, JSON_MEDIA_TYPE, HTML ];
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(VOCABULARY_STYLE).digest('base64')}'`;
/** Headers of each response. The document changes only with the version of the package. */
const HEADERS = { 'Cache-Control': 'public, max-age=3600', 'Access-Control-Allow-Origin': '*', Vary: 'Accept' };

/**
 * The public vocabulary `https://w3id.org/pod-events#` at `{base}.events/vocab`, as Turtle, JSON-LD or HTML.
 *
 * JSON-LD and HTML are derived from the Turtle source on first request.
 *
 * @see https://www.w3.org/TR/swbp-vocab-pub/
 */
export class VocabularyEndpoint extends Endpoint {
  private readonly preferenceParser: PreferenceParser;
  private readonly forms = new Map<string, EndpointResponse>();

  /**
   * @param preferenceParser - Parses the preferences of a request.
   */
  public constructor(preferenceParser: PreferenceParser) {
    super();
    this.preferenceParser = preferenceParser;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === PATH ? { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle({ request }: HttpExchange): Promise<EndpointResponse> {
    const { type: preferences } = await this.preferenceParser.handleSafe({ request });
    const weightOf = namedFirst(TYPES, cleanPreferences(preferences));
    const best = Math.max(...TYPES.map(weightOf));
    if (best === 0) {
      const accept = (request.headers.accept ?? '').slice(0, 100);
      throw new HttpProblem(406, `The vocabulary is not available as ${accept}: ask for Turtle, JSON-LD or HTML`);
    }
    const form = this.formOf(TYPES.find((type): boolean => weightOf(type) === best)!);
    return matchesTag(request, form.headers!.ETag) ? { status: 304, headers: form.headers } : form;
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }

  private formOf(type: string): EndpointResponse {
    let form = this.forms.get(type);
    if (!form) {
      const body = bodyOf(readFileSync(SOURCE, 'utf8'), type);
      const tag = createHash('sha256').update(`${type}\n${body}`).digest('base64url').slice(0, 22);
      const html = { 'Content-Type': `${HTML}; charset=utf-8`, 'Content-Security-Policy': POLICY };
      form = { status: 200, headers: { ...type === HTML ? html : { 'Content-Type': type }, ETag: `"${tag}"`, ...HEADERS }, body };
      this.forms.set(type, form);
    }
    return form;
  }
}

function bodyOf(turtle: string, type: string): string {
  if (type === TURTLE) {
    return turtle;
  }
  const vocabulary = parseVocabulary(turtle);
  return type === HTML ? vocabularyHtml(vocabulary) : vocabularyJsonLd(vocabulary);
}
