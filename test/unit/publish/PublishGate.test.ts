import { NotAuthorized } from '../../../src/event/NotAuthorized';
import type { EventDraft } from '../../../src/event/Event';
import { NotAdmitted } from '../../../src/publish/NotAdmitted';
import { assertWithinLimits, PublishGate } from '../../../src/publish/PublishGate';

const POD = 'http://localhost/producer/';
const ANN = 'http://localhost/ann/#me';
const BOB = 'http://localhost/bob/#me';
const PODS = new Map([[ ANN, 'http://localhost/ann/' ], [ BOB, 'http://localhost/bob/' ]]);
const ADMISSION = { pod: POD, caller: { agent: 'http://localhost/me#me' }, resource: `${POD}__event` };
const draft = (topic: string, recipients: string[], sources: string[] = []): EventDraft => ({ topic, recipients, sources });

describe('The gate of publishing', (): void => {
  const asked: string[][] = [];
  let forbidden: string[];
  const gate = new PublishGate({
    allowed: async(caller, resources, mode): Promise<Set<string>> => {
      expect([ caller, mode ]).toEqual([ ADMISSION.caller, 'append' ]);
      asked.push([ ...resources ]);
      return new Set(resources.filter((url): boolean => !forbidden.includes(url)));
    },
  });

  beforeEach((): void => {
    asked.length = 0;
    forbidden = [];
  });

  it('asks about the resource of the request and all topics at once, each once.', async(): Promise<void> => {
    const events = [ draft('a/b#c', [ ANN ], [ BOB ]), draft('a/b#c', [ ANN, 'https://elsewhere.example/#me' ]), draft('d', []) ]
      .map((each) => ({ draft: each, pods: PODS }));
    expect(await gate.refusalsOf(ADMISSION, events)).toEqual([ undefined, undefined, undefined ]);
    expect(asked).toEqual([[ `${POD}__event`, 'http://localhost/ann/topics/a/b/c', 'http://localhost/bob/topics/a/b/c' ]]);
  });

  it('returns the first refused addressee of each event.', async(): Promise<void> => {
    forbidden = [ 'http://localhost/ann/topics/a/b/c', 'http://localhost/bob/topics/a/b/c' ];
    const events = [ draft('a/b#c', [ BOB ], [ ANN ]), draft('d', [ ANN ]) ].map((each) => ({ draft: each, pods: PODS }));
    expect(await gate.refusalsOf(ADMISSION, events)).toEqual([{ draft: events[0].draft, webId: BOB }, undefined ]);
  });

  it('refuses a request whose resource is closed, whatever its topics.', async(): Promise<void> => {
    forbidden = [ `${POD}__event` ];
    await expect(gate.admit(ADMISSION)).rejects.toThrow(NotAdmitted);
    await expect(gate.refusalsOf(ADMISSION, [{ draft: draft('d', [ ANN ]), pods: PODS }])).rejects.toThrow(`Not authorized to publish through ${POD}`);
    expect(asked).toEqual([[ `${POD}__event` ], [ `${POD}__event`, 'http://localhost/ann/topics/d/' ]]);
  });

  it('tells the public to log in.', async(): Promise<void> => {
    const closed = new PublishGate({ allowed: async(): Promise<Set<string>> => new Set() });
    await expect(closed.admit({ ...ADMISSION, caller: {}})).rejects.toMatchObject({ isPublic: true, message: `To publish through ${POD} you have to log in` });
    await expect(closed.admit(ADMISSION)).rejects.toMatchObject({ isPublic: false });
  });

  it('keeps a credential within its topics.', (): void => {
    const caller = { ...ADMISSION.caller, limits: { topics: [ 'a/*' ]}};
    expect((): void => assertWithinLimits({ caller, drafts: [ draft('a/b', []) ]})).not.toThrow();
    expect((): void => assertWithinLimits({ caller, drafts: [ draft('a/b', []), draft('c', []) ]})).toThrow(NotAuthorized);
  });
});
