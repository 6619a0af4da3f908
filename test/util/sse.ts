import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { eventually } from './wait';

/** A message of a stream, by the rules of HTML. */
export interface SseMessage { readonly id: string; readonly data?: any }

/** An open stream, read independently of the client of this package. */
export interface SseStream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** All messages so far, also those without data. */
  readonly messages: SseMessage[];
  /** Messages with data. */
  readonly events: () => SseMessage[];
  /** All text so far. */
  readonly text: () => string;
  /** Waits for a number of messages with data. */
  readonly atLeast: (count: number) => Promise<SseMessage[]>;
  /** Resolves when the connection has ended, to whether the response was complete. */
  readonly ended: Promise<boolean>;
  readonly close: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Opens a stream. With a status other than 200, the body is in `text` after its end. */
export async function openStream(url: string, headers: Record<string, string> = {}): Promise<SseStream> {
  return new Promise((resolve, reject): void => {
    const sent = httpRequest(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false }, (response): void => {
      let [ text, rest ] = [ '', '' ];
      const messages: SseMessage[] = [];
      let current: { id?: string; data: string[] } = { data: []};
      let id = '';
      response.setEncoding('utf8').on('data', (chunk: string): void => {
        text += chunk;
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          if (line.startsWith('id: ')) {
            current.id = line.slice(4);
          } else if (line.startsWith('data: ')) {
            current.data.push(line.slice(6));
          } else if (line === '' && (current.id !== undefined || current.data.length > 0)) {
            id = current.id ?? id;
            messages.push({ id, ...current.data.length > 0 && { data: JSON.parse(current.data.join('\n')) }});
            current = { data: []};
          }
        }
      });
      const events = (): SseMessage[] => messages.filter(({ data }): boolean => data !== undefined);
      const stream: SseStream = {
        status: response.statusCode!,
        headers: response.headers,
        messages,
        events,
        text: (): string => text,
        atLeast: async(count): Promise<SseMessage[]> => eventually(async(): Promise<SseMessage[] | undefined> =>
          events().length >= count ? events() : undefined, 60_000),
        ended: new Promise((end): void => {
          response.on('error', (): void => undefined).on('close', (): void => end(response.complete));
        }),
        close: (): unknown => response.destroy(),
        pause: (): unknown => response.pause(),
        resume: (): unknown => response.resume(),
      };
      if (stream.status === 200) {
        resolve(stream);
      } else {
        response.on('end', (): void => resolve(stream));
      }
    });
    sent.on('error', reject);
    sent.end();
  });
}
