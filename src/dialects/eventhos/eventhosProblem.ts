import type { Logger } from '../../css';
import { v4 } from 'uuid';
import { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange } from '../../http/Endpoint';
import { jsonResponse } from '../../http/Endpoint';

/**
 * An error with a code of eventhos.
 *
 * @see https://github.com/usil/eventhos/wiki/Send-Event
 */
export class EventhosProblem extends HttpProblem {
  public constructor(
    status: number,
    public readonly code: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(status, message, headers);
  }
}

/** The code of errors without a code of their own. */
const NOT_CATEGORIZED = 500_000;

/** The codes of errors that were not raised as one of eventhos. */
const CODES: Readonly<Record<number, number>> = {
  401: 401_202,
  403: 403_000,
  404: 404_000,
  405: 405_000,
  409: 409_000,
  413: 413_000,
  429: 429_000,
  503: 503_000,
  507: 507_000,
};

/**
 * The answer that tells of an error in the form of eventhos.
 *
 * Its `errorUUID` is in the log, beside status and code. The query of the request is not, nor the message if it is the
 * request that is wrong: both may have a secret.
 *
 * @param problem - The error; its code is `500000` if it has none.
 * @param exchange - The request.
 * @param logger - Where the error is written.
 */
export function eventhosError(problem: HttpProblem, { method, url }: HttpExchange, logger: Logger): EndpointResponse {
  const errorUUID = v4();
  const { status, message } = problem;
  const code = problem instanceof EventhosProblem ? problem.code : CODES[status] ?? NOT_CATEGORIZED;
  const line = `${method} ${url} was answered with ${status} and ${code} (${errorUUID})`;
  if (status >= 500) {
    logger.warn(`${line}: ${JSON.stringify(message)}`);
  } else {
    logger.info(line);
  }
  return jsonResponse(status, { code, message, errorUUID }, problem.headers);
}
