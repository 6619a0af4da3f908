/** Escapes control characters and direction changes in untrusted text, so that it cannot control the terminal. */
export function visible(text: string): string {
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, (char): string =>
    `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Formats a JSON value on several lines, indented by a number of spaces. */
export function prettyJson(value: unknown, indent: number): string {
  return (JSON.stringify(value, null, 2) as string | undefined ?? '').split('\n')
    .map((line): string => `${' '.repeat(indent)}${visible(line)}\n`).join('');
}

/** Formats rows as a table with headings. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = [ headings, ...rows.map((row): string[] => row.map(visible)) ];
  const widths = headings.map((_, column): number => Math.max(...shown.map((row): number => row[column].length)));
  return shown.map((row): string =>
    `${row.map((cell, column): string => cell.padEnd(widths[column])).join('  ').trimEnd()}\n`).join('');
}
