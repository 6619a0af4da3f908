import type { IncomingMessage } from 'node:http';
import type { CredentialReader, PresentedCredential } from './CredentialReader';
import type { HttpExchange } from './Endpoint';
import { HttpProblem } from './errors';

/** The headers of a request; dialects can replace them. */
type RequestHeaders = Pick<IncomingMessage, 'headers'> & Partial<Pick<IncomingMessage, 'headersDistinct'>>;

/**
 * Finds an API key or a token of this server in a header that a dialect defines.
 */
export class HeaderReader implements CredentialReader {
  public readonly dialect: string;
  private readonly header: string;

  /**
   * @param dialect - Name of the dialect.
   * @param header - Name of the header.
   */
  public constructor(dialect: string, header: string) {
    this.dialect = dialect;
    this.header = header.toLowerCase();
  }

  public find({ request }: HttpExchange): PresentedCredential | undefined {
    const secrets = secretsOf(request, this.header);
    return secrets && {
      name: this.header,
      verify: async(verifier): ReturnType<PresentedCredential['verify']> => {
        const [ secret = '', ...others ] = secrets;
        if (others.length > 0) {
          throw new HttpProblem(400, `"${this.header}" was sent with different values: send one of them, so that it is ` +
            'clear who asks');
        }
        return verifier.verify(secret);
      },
    };
  }
}

/** The distinct values of a header, without empty ones; `undefined` if it was not sent. */
function secretsOf({ headers, headersDistinct }: RequestHeaders, header: string): string[] | undefined {
  const value = headers[header];
  const values = headersDistinct?.[header] ?? [ value ].flat();
  return value === undefined ?
    undefined :
    [ ...new Set(values) ].filter((one): one is string => one !== undefined && one !== '');
}
