import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import type { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import type { OpenApiDocument } from './describeServer';
import { describeServer } from './describeServer';

const DOCUMENT = join(__dirname, '../../../openapi.json');
const PATH = '.events/openapi.json';

/**
 * `{base}.events/openapi.json`: the description of the HTTP APIs that this server has, for programs, for everybody.
 *
 * @see https://spec.openapis.org/oas/v3.1.1
 */
export class OpenApiEndpoint extends Endpoint {
  private readonly document: string;
  private readonly headers: Readonly<Record<string, string>>;

  /**
   * @param baseUrl - The base URL of the server.
   * @param tags - The tags of the endpoints that the server has; operations of others are left out.
   */
  public constructor(baseUrl: string, tags: string[]) {
    super();
    const all = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as OpenApiDocument;
    this.document = JSON.stringify(describeServer(all, baseUrl, tags));
    this.headers = {
      // It follows from the configuration alone, so it may be kept for an hour.
      'Cache-Control': 'public, max-age=3600',
      ETag: `"${createHash('sha256').update(this.document).digest('base64url').slice(0, 22)}"`,
      'Access-Control-Allow-Origin': '*',
    };
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === PATH ? { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle({ request }: HttpExchange): Promise<EndpointResponse> {
    // See https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
    const known = (request.headers['if-none-match'] ?? '').split(',').map((tag): string => tag.trim().replace(/^W\//u, ''));
    return known.includes(this.headers.ETag) || known.includes('*') ?
      { status: 304, headers: this.headers } :
      { status: 200, headers: { 'Content-Type': JSON_MEDIA_TYPE, ...this.headers }, body: this.document };
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}
