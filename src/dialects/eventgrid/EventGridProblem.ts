import { HttpProblem } from '../../http/errors';

/**
 * Error with its own code of EventGrid.
 */
export class EventGridProblem extends HttpProblem {
  /**
   * @param status - The HTTP status code.
   * @param code - The code of EventGrid.
   * @param title - The message that EventGrid has for the code.
   * @param message - The fault and its remedy, for the developer of the client.
   * @param headers - Further headers of the answer.
   */
  public constructor(
    status: number,
    public readonly code: string,
    public readonly title: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(status, message, headers);
    this.name = 'EventGridProblem';
  }
}
