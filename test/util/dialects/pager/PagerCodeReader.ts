import type { CredentialReader, PresentedCredential } from '../../../../src/http/CredentialReader';
import type { HttpExchange } from '../../../../src/http/Endpoint';
import type { Credential } from '../../../../src/identity/tokens/Credential';

/** Finds an API key that is encoded in the header `X-Pager-Code`. */
export class PagerCodeReader implements CredentialReader {
  public readonly dialect = 'pager';

  public find({ request }: HttpExchange): PresentedCredential | undefined {
    const code = request.headers['x-pager-code'];
    return code === undefined ?
      undefined :
      {
        name: 'X-Pager-Code',
        verify: async(secrets): Promise<Credential> => secrets.verify(Buffer.from(String(code), 'base64url').toString()),
      };
  }
}
