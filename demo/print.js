// Prints requests and their answers as a person wants to read them; in colour where the output is a terminal.
const { STATUS_CODES } = require('node:http');

const REQUEST_HEADERS = [ 'content-type', 'accept' ];
const RESPONSE_HEADERS = [ 'location', 'content-type' ];

const style = (code) => (text) => process.stdout.isTTY ? `\u001B[${code}m${text}\u001B[0m` : text;
const bold = style(1);
const faint = style(2);
const red = style(31);
const green = style(32);
const cyan = style(36);

const print = (text = '') => process.stdout.write(`${text}\n`);
const indent = (text) => text.trimEnd().replaceAll(/^(?=.)/gmu, '    ');

/** Prints what comes next. */
function step(number, text) {
  print(`\n${bold(`${number}. ${text}`)}`);
}

/** A body as it is printed: JSON over several lines, its context shortened; anything else as it is. */
function pretty(body, type = '') {
  if (!/^application\/(?:ld\+)?json/u.test(type)) {
    return body;
  }
  const shorten = (key, value) => key === '@context' ? `… ${Object.keys(value).length} terms …` : value;
  return JSON.stringify(JSON.parse(body), shorten, 2);
}

/** Prints one message: its first line, some of its headers, and its body. */
function message(line, headers, shown, body) {
  print(`\n  ${line}`);
  for (const name of shown.filter((header) => headers.has(header))) {
    print(faint(`  ${name}: ${headers.get(name)}`));
  }
  if (body) {
    print(`\n${indent(pretty(body, headers.get('content-type') ?? ''))}`);
  }
}

/** A fetch that prints what it does. */
function talkingFetch(fetch, who) {
  return async(url, init = {}) => {
    const { method = 'GET', headers, body } = init;
    message(`${cyan(`${method} ${url}`)}  ${faint(`as ${who}`)}`, new Headers(headers), REQUEST_HEADERS, body);
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000), ...init });
    const line = `${response.status} ${STATUS_CODES[response.status] ?? ''}`;
    message((response.ok ? green : red)(line), response.headers, RESPONSE_HEADERS, await response.clone().text());
    return response;
  };
}

module.exports = { bold, faint, green, print, red, step, talkingFetch };
