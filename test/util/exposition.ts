/** A family of metrics, as the text format of Prometheus has it. */
export interface Family {
  readonly type: string;
  readonly help: string;
  /** The values by name and labels, as `name{a="x",b="y"}` with the labels in order. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = String.raw`[a-zA-Z_:][a-zA-Z0-9_:]*`;
const LABEL = String.raw`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"`;
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME})(?: (.*))?$`, 'u');
const SAMPLE = new RegExp(String.raw`^(${NAME})(?:\{(${LABEL}(?:,${LABEL})*)\})? (\S+)$`, 'u');
const TYPES = [ 'counter', 'gauge', 'histogram', 'summary', 'untyped' ];

/**
 * Parses metrics as strictly as the format is described, and fails where that is not kept.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) {
    throw new Error('The last line does not end.');
  }
  const families = new Map<string, Family>();
  let name = '';
  let help: string | undefined;
  let samples = new Map<string, number>();
  for (const line of text.slice(0, -1).split('\n')) {
    const [ , keyword, subject, rest = '' ] = COMMENT.exec(line) ?? [];
    if (keyword === 'HELP') {
      assert(!families.has(subject) && rest !== '', line);
      name = subject;
      help = rest;
    } else if (keyword === 'TYPE') {
      assert(subject === name && help !== undefined && TYPES.includes(rest), line);
      samples = new Map();
      families.set(name, { type: rest, help: help!, samples });
      help = undefined;
    } else if (line !== '') {
      const [ key, value ] = parseSample(line, name, families.get(name)?.type);
      assert(!samples.has(key), line);
      samples.set(key, value);
    }
  }
  for (const [ histogram, family ] of families) {
    if (family.type === 'histogram') {
      checkBuckets(histogram, family.samples);
    }
  }
  return families;
}

function parseSample(line: string, family: string, type: string | undefined): [ string, number ] {
  const match = SAMPLE.exec(line);
  assert(match !== null && type !== undefined, line);
  const [ , name, labels = '' ] = match!;
  const value = valueOf(match!.at(-1)!);
  const suffixes = { histogram: [ '_bucket', '_sum', '_count' ], summary: [ '', '_sum', '_count' ]}[type!] ?? [ '' ];
  assert(suffixes.some((suffix): boolean => name === `${family}${suffix}`), line);
  assert(type !== 'counter' || (name.endsWith('_total') && value >= 0), line);
  const pairs = [ ...labels.matchAll(new RegExp(LABEL, 'gu')) ].map(([ pair ]): string => pair).sort();
  assert(new Set(pairs.map((pair): string => pair.split('=')[0])).size === pairs.length, line);
  return [ pairs.length > 0 ? `${name}{${pairs.join(',')}}` : name, value ];
}

function valueOf(text: string): number {
  // As Go reads numbers, which does not ask for the case of NaN.
  if (/^nan$/iu.test(text)) {
    return NaN;
  }
  const value = Number(text.replace(/^([+-])Inf$/u, '$1Infinity'));
  assert(!Number.isNaN(value), text);
  return value;
}

/** The buckets of each series hold at least what the one before holds, and the last one all. */
function checkBuckets(name: string, samples: ReadonlyMap<string, number>): void {
  const series = new Map<string, [ number, number ][]>();
  for (const [ key, value ] of samples) {
    const bound = /[{,]le="([^"]*)"/u.exec(key)?.[1];
    if (bound !== undefined) {
      const labels = key.slice(`${name}_bucket`.length).replace(/le="[^"]*",?/u, '').replace(/,\}/u, '}').replace('{}', '');
      series.set(labels, [ ...series.get(labels) ?? [], [ valueOf(bound), value ]]);
    }
  }
  for (const [ labels, buckets ] of series) {
    buckets.forEach(([ bound, value ], index): void => {
      assert(index === 0 || (bound > buckets[index - 1][0] && value >= buckets[index - 1][1]), `${name}${labels} ${bound}`);
    });
    const [ bound, value ] = buckets.at(-1)!;
    assert(bound === Infinity && value === samples.get(`${name}_count${labels}`), `${name}_count${labels}`);
    assert(samples.has(`${name}_sum${labels}`), `${name}_sum${labels}`);
  }
}

function assert(holds: boolean, what: string): void {
  if (!holds) {
    throw new Error(`The format of Prometheus does not allow: ${what}`);
  }
}
