import { homedir } from 'node:os';
import type { Io } from './Io';

/** Creates the {@link Io} of this process. SIGINT and SIGTERM abort; a second signal ends the process immediately. */
export function processIo(): Io {
  const controller = new AbortController();
  for (const signal of [ 'SIGINT', 'SIGTERM' ] as const) {
    process.once(signal, (): void => controller.abort());
  }
  // The reader may close the pipe early, as `| head` does.
  process.stdout.on('error', (): void => controller.abort());
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    signal: controller.signal,
    out: async(text): Promise<void> => new Promise((resolve, reject): void => {
      process.stdout.write(text, (error): void => error ? reject(error) : resolve());
    }),
    err: (text): void => {
      process.stderr.write(text);
    },
    readInput: async(): Promise<string> => {
      const parts: Buffer[] = [];
      for await (const part of process.stdin) {
        parts.push(part as Buffer);
      }
      return Buffer.concat(parts).toString();
    },
    askSecret,
  };
}

async function askSecret(question: string): Promise<string | undefined> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) {
    return;
  }
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  try {
    return await new Promise<string | undefined>((resolve): void => {
      let typed = '';
      const read = (text: string): void => {
        for (const char of text) {
          if (char === '\r' || char === '\n' || char === '\u0004' || char === '\u0003') {
            stdin.off('data', read);
            resolve(char === '\u0003' ? undefined : typed);
            return;
          }
          typed = char === '\u007F' || char === '\b' ? [ ...typed ].slice(0, -1).join('') : typed + char;
        }
      };
      stdin.on('data', read);
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
