import { HttpProblem } from '../errors';

/**
 * An error with a code of Personium's message table.
 *
 * @see https://personium.io/docs/en/apiref/004_Error_Messages/
 */
export class PersoniumProblem extends HttpProblem {
  public constructor(
    status: number,
    public readonly code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(status, message, headers);
  }
}

/** The codes of errors that were not raised as one of Personium's. */
const CODES: Readonly<Record<number, string>> = {
  400: 'PR400-CM-0004',
  401: 'PR401-AU-0006',
  403: 'PR403-AU-0002',
  404: 'PR404-DV-0003',
  405: 'PR405-MC-0001',
  413: 'PR413-CM-0001',
  429: 'PR429-SV-0001',
};

/** Gives any error a code of Personium's message table. */
export function personiumCode(problem: HttpProblem): string {
  return problem instanceof PersoniumProblem ? problem.code : CODES[problem.status] ?? 'PR500-SV-9999';
}
