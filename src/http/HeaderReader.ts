import type { CredentialReader, PresentedCredential } from './CredentialReader';
import type { HttpExchange } from './Endpoint';

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
    const secret = request.headers[this.header];
    return secret === undefined ?
      undefined :
      { name: this.header, verify: async(secrets): ReturnType<PresentedCredential['verify']> => secrets.verify(String(secret)) };
  }
}
