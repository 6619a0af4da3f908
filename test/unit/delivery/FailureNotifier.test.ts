import { DeliveryListener } from '../../../src/delivery/DeliveryListener';
import { FailureNotifier } from '../../../src/delivery/FailureNotifier';
import type { ClaimedDelivery, TargetNews } from '../../../src/delivery/ports';
import { aClaim } from '../../util/claims';

const NOW = 1_700_000_000_000;
const NEWS: TargetNews = { target: 1, subscriptions: []};

describe('The notifier of failures', (): void => {
  let calls: unknown[];
  let messages: string[];
  let news: () => TargetNews | undefined;
  let notifier: FailureNotifier;

  class Recorder extends DeliveryListener {
    public constructor(private readonly name: string, private readonly error?: Error) {
      super();
    }

    public attempted(): void {}

    public async failed({ delivery }: ClaimedDelivery, target: TargetNews, failure: string, reason: string): Promise<void> {
      await new Promise((resolve): unknown => setImmediate(resolve));
      calls.push([ this.name, delivery, target, failure, reason ]);
      if (this.error) {
        throw this.error;
      }
    }
  }

  const create = (listeners: readonly DeliveryListener[]): FailureNotifier => new FailureNotifier({
    disable: async(...parameters): Promise<TargetNews | undefined> => {
      calls.push([ 'disable', ...parameters ]);
      return news();
    },
    noteDead: async(...parameters): Promise<TargetNews | undefined> => {
      calls.push([ 'dead', ...parameters ]);
      return news();
    },
  }, listeners, (message): unknown => messages.push(message));

  beforeEach((): void => {
    [ calls, messages, news ] = [ [], [], (): TargetNews => NEWS ];
    notifier = create([ new Recorder('one'), new Recorder('two') ]);
  });

  it('disables a target, and then notifies each listener in order.', async(): Promise<void> => {
    await notifier.notify(aClaim(3), 'disabled', 'answered 410 Gone', NOW);
    expect(calls).toEqual([
      [ 'disable', 1, NOW ],
      [ 'one', 3, NEWS, 'disabled', 'answered 410 Gone' ],
      [ 'two', 3, NEWS, 'disabled', 'answered 410 Gone' ],
    ]);
    expect(messages).toEqual([]);
  });

  it('records a dead letter, which an earlier one within the hour suppresses.', async(): Promise<void> => {
    news = (): undefined => undefined;
    await notifier.notify(aClaim(3), 'dead', 'answered 400', NOW);
    expect(calls).toEqual([[ 'dead', 1, NOW, NOW - 3_600_000 ]]);
    await notifier.notify(aClaim(3), 'disabled', 'answered 410 Gone', NOW);
    expect(calls.slice(1)).toEqual([[ 'disable', 1, NOW ]]);
  });

  it('reports errors of the store and of listeners, and does not reject.', async(): Promise<void> => {
    news = (): never => {
      throw new Error('disk');
    };
    await notifier.notify(aClaim(3), 'dead', 'no', NOW);
    expect(calls).toHaveLength(1);
    news = (): TargetNews => NEWS;
    await create([ new Recorder('failing', new Error('full')), new Recorder('next') ]).notify(aClaim(3), 'dead', 'no', NOW);
    expect(messages).toEqual([
      'Notifying the owner of http://localhost/user/ failed: disk', 'Notifying the owner of http://localhost/user/ failed: full',
    ]);
  });
});
