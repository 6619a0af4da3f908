import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import type { HttpProblem } from '../errors';
import { matchesTag } from '../conditions';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import type { OpenApiDocument } from './describeServer';
import { describeServer } from './describeServer';
import { joinParts } from './joinParts';

/** Folder of the sources or of the build. Only the build has a joined document. */
const ROOT = join(__dirname, '../..');
const DOCUMENT = join(ROOT, 'openapi.json');
const PATH = '.events/openapi.json';

/**
 * The public OpenAPI description of the server's HTTP APIs, at `{base}.events/openapi.json`.
 *
 * @see https://spec.openapis.org/oas/v3.1.1
 */
export class OpenApiEndpoint extends Endpoint {
  private readonly document: string;
  private readonly headers: Readonly<Record<string, string>>;

  /**
   * @param baseUrl - Base URL of the server.
   * @param tags - Tags of the configured endpoints. Operations with other tags are omitted.
   */
  public constructor(baseUrl: string, tags: string[]) {
    super();
    const all = existsSync(DOCUMENT) ? JSON.parse(readFileSync(DOCUMENT, 'utf8')) as OpenApiDocument : joinParts(ROOT);
    this.document = JSON.stringify(describeServer(all, baseUrl, tags));
    this.headers = {
      // The document changes only with the configuration.
      'Cache-Control': 'public, max-age=3600',
      ETag: `"${createHash('sha256').update(this.document).digest('base64url').slice(0, 22)}"`,
      'Access-Control-Allow-Origin': '*',
    };
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === PATH ? { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle({ request }: HttpExchange): Promise<EndpointResponse> {
    return matchesTag(request, this.headers.ETag) ?
      { status: 304, headers: this.headers } :
      { status: 200, headers: { 'Content-Type': JSON_MEDIA_TYPE, ...this.headers }, body: this.document };
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}
