import { replicateLDES } from 'ldes-client';

// Prints each member of an event stream as a line of JSON: its id, its time, and its quads.
const [ url, key, order, isFollowing ] = process.argv.slice(2);

const client = replicateLDES({
  url,
  polling: isFollowing === 'follow',
  pollInterval: 100,
  fetch: (input, init = {}) => {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set('x-api-key', key);
    return fetch(input, { ...init, headers });
  },
}, order);

client.on('fragment', ({ url: page, immutable }) => console.log(JSON.stringify({ page, immutable })));

for await (const { id, timestamp, quads } of client.stream()) {
  console.log(JSON.stringify({
    id: id.value,
    time: timestamp?.toISOString(),
    quads: quads.map(({ subject, predicate, object }) => [ subject.value, predicate.value, object.value ]),
  }));
}
process.exit();
