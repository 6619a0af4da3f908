import { execFile } from 'node:child_process';

/** Maximum number of reported problems. */
const MAX_PROBLEMS = 10;

/** Script of a separate process: the check reads the whole file, and cannot be interrupted in a thread. */
const SCRIPT = `
  const [ , driver, file ] = process.argv;
  const db = new (require(driver))(file, { readonly: true });
  const rows = db.pragma('quick_check(${MAX_PROBLEMS})', { simple: false });
  process.stdout.write(JSON.stringify(rows.map((row) => row.quick_check)));
`;

/**
 * Checks the content of a database in another process.
 *
 * @param file - Path of the database.
 * @param signal - Ends the check.
 *
 * @returns The damages; empty if the content is intact.
 *
 * @throws Error if the check could not run.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_quick_check
 */
export async function quickCheck(file: string, signal?: AbortSignal): Promise<string[]> {
  const output = await new Promise<string>((resolve, reject): void => {
    const args = [ '-e', SCRIPT, require.resolve('better-sqlite3'), file ];
    execFile(process.execPath, args, { signal, killSignal: 'SIGKILL' }, (error, stdout, stderr): void => {
      if (error) {
        // The message of the driver is on the line that begins with the error class.
        const message = /^\S*Error: (.*)$/mu.exec(stderr)?.[1] ?? error.message;
        const isDamaged = /malformed|not a database/u.test(message);
        if (isDamaged) {
          resolve(JSON.stringify([ message ]));
        } else {
          reject(new Error(message));
        }
        return;
      }
      resolve(stdout);
    });
  });
  return (JSON.parse(output) as string[]).filter((line): boolean => line !== 'ok');
}
