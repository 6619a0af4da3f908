import type { HttpProblem } from '../../http/errors';
import { EventGridProblem } from './EventGridProblem';

/** The statuses for which EventGrid has an error. */
const ERRORS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: [ 'EG.00014000', 'Bad request' ],
  401: [ 'EG.00014010', 'Incorrect token or token resolution failed' ],
  403: [ 'EG.00014030', 'No permissions to request this method' ],
  404: [ 'EG.00014040', 'Not request resource found' ],
  500: [ 'EG.00015000', 'Internal Server Error' ],
};
/** The most characters of `error_details`. */
const MOST_DETAILS = 1_024;

/**
 * Returns the body of an error in the form of EventGrid. An error without its own code has the code of its status. A
 * status unknown to EventGrid has the code and the message of 400 or 500.
 *
 * @param problem - The error.
 * @param requestId - The id of the request.
 */
export function eventGridError(problem: HttpProblem, requestId: string): object {
  const { status, message } = problem;
  const [ code, text ] = problem instanceof EventGridProblem ?
      [ problem.code, problem.title ] :
    ERRORS[status] ?? ERRORS[status < 500 ? 400 : 500];
  return {
    error_code: code,
    error_msg: text,
    error_details: (message || text).slice(0, MOST_DETAILS),
    request_id: requestId,
  };
}
