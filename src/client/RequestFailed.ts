/** The most of an answer that is read to find the server's message, in characters. */
const READ = 16_384;
/** The most of the server's message that is repeated, in characters. */
const SHOWN = 1_000;

const ADVICE: Record<number, string> = {
  401: 'Log in, or get a new access token or API key.',
  403: 'Ask the owner of the pod for access, or log in as somebody else.',
  404: 'Check the URL.',
  412: 'It was changed at the same time; try again.',
  413: 'Send less at once.',
  429: 'Try again later.',
  503: 'Try again later.',
};

/**
 * A request that the server refused, or failed to answer well.
 *
 * The message says what was asked of which URL, what the server said, and what to do; it never holds credentials.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15
 */
export class RequestFailed extends Error {
  /**
   * @param status - The status code of the answer, such as 403.
   * @param method - The method of the request, in capitals.
   * @param url - The URL that was asked.
   * @param serverMessage - What the server said about it, as plain text; empty if it said nothing.
   */
  public constructor(
    public readonly status: number,
    public readonly method: string,
    public readonly url: string,
    public readonly serverMessage: string,
  ) {
    const said = serverMessage === '' ? '' : `: ${serverMessage}`;
    const advice = ADVICE[status];
    const end = /[.!?]$/u.test(serverMessage) ? '' : '.';
    super(`${method} ${url} was answered with ${status}${said}${end}${advice ? ` ${advice}` : ''}`);
    this.name = 'RequestFailed';
  }

  /** The failure that an answer means; reads the answer's body. */
  public static async of(response: Response, method: string, url: string): Promise<RequestFailed> {
    let body = '';
    try {
      body = await response.text();
    } catch {
      // The status says enough.
    }
    return new RequestFailed(response.status, method, url, messageIn(body.slice(0, READ)));
  }
}

/** The message in the body of an error: of the events' endpoints, of Personium's, or of the server itself. */
function messageIn(body: string): string {
  let message = body;
  try {
    const parsed = JSON.parse(body) as { error?: unknown; message?: unknown };
    const { error = parsed.message } = parsed;
    const value = typeof error === 'object' && error !== null ? (error as { value?: unknown }).value : error;
    message = typeof value === 'string' ? value : '';
  } catch {
    message = /^\s*</u.test(body) ? '' : body;
  }

  return message.replaceAll(/[\u0000-\u001F\u007F-\u009F\s]+/gu, ' ').trim().slice(0, SHOWN);
}
