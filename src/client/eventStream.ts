/** A message of a stream of server-sent events. */
export interface StreamMessage {
  /** Position after the message. Absent if the stream has none. */
  readonly id?: string;
  /** Text of the message; absent if it has only a position. */
  readonly data?: string;
}

/** Maximum length of a message, in characters. Events of this server have little more than 4 MiB. */
const MAX_LENGTH = 16 * 1_024 * 1_024;

/**
 * Parses a stream of server-sent events.
 *
 * @param chunks - Chunks of the body.
 *
 * @throws Error if a message is too long.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* parseEventStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamMessage> {
  const decoder = new TextDecoder();
  let rest = '';
  let message: { id?: string; data?: string[] } = {};
  let [ id, length ] = [ undefined as string | undefined, 0 ];
  for await (const chunk of chunks) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split(/\r\n|\n|\r(?!$)/u);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line === '') {
        if (message.id !== undefined || message.data) {
          ({ id = id } = message);
          yield { id, ...message.data && { data: message.data.join('\n') }};
        }
        [ message, length ] = [ {}, 0 ];
      } else {
        addLine(message, line);
        length += line.length;
      }
    }
    if (length + rest.length > MAX_LENGTH) {
      throw new Error('The server sent a message that is too long');
    }
  }
}

function addLine(message: { id?: string; data?: string[] }, line: string): void {
  const colon = line.indexOf(':');
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /u, '');
  if (name === 'data') {
    message.data = [ ...message.data ?? [], value ];
  } else if (name === 'id' && !value.includes('\0')) {
    message.id = value;
  }
}
