import type { EndpointResponse } from '../../http/Endpoint';
import { jsonResponse } from '../../http/Endpoint';

const READ = { status: 200, code: 200_000 } as const;
/** Of all requests that change something: the dialect does not distinguish creation from removal. */
const WRITTEN = { status: 201, code: 200_001 } as const;

/**
 * The answer to a request that reads.
 *
 * @param content - The requested content.
 */
export function readAnswer(content: unknown): EndpointResponse {
  return jsonResponse(READ.status, { code: READ.code, message: 'success', content });
}

/**
 * The answer to a request that has changed something.
 *
 * @param content - The changed or removed item.
 * @param headers - Further headers.
 * @param code - Its code. Default 200001.
 */
export function writtenAnswer(
  content: unknown,
  headers: Readonly<Record<string, string>> = {},
  code: number = WRITTEN.code,
): EndpointResponse {
  return jsonResponse(WRITTEN.status, { code, message: 'success', content }, headers);
}
