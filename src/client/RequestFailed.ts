/** Maximum number of characters of a response body that are searched for the server's message. */
const MAX_BODY_LENGTH = 16_384;
/** Maximum length of the server's message in the error message, in characters. */
const MAX_MESSAGE_LENGTH = 1_000;

const ADVICE: Record<number, string> = {
  401: 'Log in, or obtain a new access token or API key.',
  403: 'Ask the owner of the pod for access, or log in as another agent.',
  404: 'Check the URL.',
  412: 'The resource was changed concurrently; try again.',
  413: 'Split the request into smaller ones.',
  429: 'Try again later.',
  503: 'Try again later.',
};

/**
 * Error of a request that the server refused or answered with an invalid response.
 *
 * The message contains method, URL, status, the server's message and a remedy. It never contains credentials.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15
 */
export class RequestFailed extends Error {
  /**
   * @param status - Status code of the response, such as 403.
   * @param method - Request method in upper case.
   * @param url - Request URL.
   * @param serverMessage - The server's message as plain text; empty if the response contains none.
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

  /** Creates the error of a response, and reads its body. */
  public static async of(response: Response, method: string, url: string): Promise<RequestFailed> {
    let body = '';
    try {
      body = await response.text();
    } catch {
      // The error is complete without a body.
    }
    return new RequestFailed(response.status, method, url, messageIn(body.slice(0, MAX_BODY_LENGTH)));
  }
}

/** Extracts the message of an error body: of our endpoints, of the `personium` dialect, or of the Solid server. */
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

  return message.replaceAll(/[\u0000-\u001F\u007F-\u009F\s]+/gu, ' ').trim().slice(0, MAX_MESSAGE_LENGTH);
}
