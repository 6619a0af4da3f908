import type { Logger } from '@solid/community-server';
import { v4 } from 'uuid';
import { HttpProblem } from '../errors';
import type { Answer, Exchange } from '../Face';
import { jsonAnswer } from '../Face';

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

/** What has no code of its own. */
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
 * Its `errorUUID` is in the log, beside what was answered; the query of the request, which may have a secret, is not.
 *
 * @param problem - What is wrong; its code is `500000` if it has none.
 * @param exchange - The request.
 * @param logger - Where the error is written.
 */
export function eventhosError(problem: HttpProblem, { method, url }: Exchange, logger: Logger): Answer {
  const errorUUID = v4();
  const { status, message } = problem;
  const code = problem instanceof EventhosProblem ? problem.code : CODES[status] ?? NOT_CATEGORIZED;
  // As JSON, for what a client has sent must not look like a line of the log.
  logger.warn(`${method} ${url} was answered with ${status} and ${code} (${errorUUID}): ${JSON.stringify(message)}`);
  return jsonAnswer(status, { code, message, errorUUID }, problem.headers);
}
