import { ContextLoader } from '../../../src/event/ContextLoader';
import { parseForeignJsonLd, parseJsonLd } from '../../../src/event/rdf';

const BASE = 'http://localhost/';

describe('JSON-LD of strangers', (): void => {
  const loader = new ContextLoader();
  /** A document of about so many KiB, of characters of all lengths, with any members before and behind. */
  const long = (kib: number, before: string, behind = ''): string => {
    const item = JSON.stringify({ name: 'Änn 🙂 \u20ac', type: 'Person', id: 'urn:ann', see: [ 1, { name: 'Ben' }, { '@id': 'urn:x' }]});
    return `{${before},"data":[${Array.from({ length: Math.ceil(kib * 1_024 / item.length) }, (): string => item).join(',')}]${behind}}`;
  };
  const context = '"@context":{"@vocab":"urn:v:","id":"@id","type":"@type"}';
  const counted = (quads: readonly { predicate: { value: string }; object: { termType: string; value: string }}[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const { predicate, object } of quads) {
      const name = `${predicate.value} ${object.termType === 'BlankNode' ? '_' : object.value}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  };

  it.each([
    [ 'short', long(1, context) ],
    [ 'long', long(70, `${context},"id":"urn:root"`) ],
    [ 'long, with its id at the end', long(70, context, ',"id":"urn:root"') ],
    [ 'not too long, with its context at the end', long(40, '"id":"urn:root"', `,${context}`) ],
  ])('is read as by anybody else if it is %s.', async(_, text): Promise<void> => {
    const read = counted(await parseForeignJsonLd(text, loader, BASE));
    expect(read.size).toBeGreaterThan(4);
    expect(read).toEqual(counted(await parseJsonLd(text, loader, BASE)));
  });

  it.each([
    [ 'has its context at the end', long(70, '"id":"urn:root"', `,${context}`), /context/u ],
    [ 'names a remote context', long(70, '"@context":"https://evil.example/"'), /never fetched/u ],
    [ 'names a remote context somewhere', long(70, context, ',"x":{"@context":"https://evil.example/"}'), /never fetched/u ],
    [ 'ends too early', long(70, context).slice(0, -1), /Unclosed/u ],
    [ 'is no JSON', `${long(70, context)}}`, /Unexpected/u ],
  ])('is refused if it is long and %s.', async(_, text, message): Promise<void> => {
    await expect(parseForeignJsonLd(text, loader, BASE)).rejects.toThrow(message);
  });

  it('lets others have their turn, however much of it comes at the same time.', async(): Promise<void> => {
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) {
        setImmediate(count);
      }
    };
    count();
    await Promise.all([ long(70, context), long(70, context), '[', long(70, context) ].map(async(text): Promise<unknown> =>
      parseForeignJsonLd(text, loader, BASE).catch((): void => {})));
    isDone = true;
    expect(turns).toBeGreaterThanOrEqual(49);
  });
});
