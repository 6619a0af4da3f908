import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { BodyBudget } from '../../../src/http/BodyBudget';
import { readText, withinBodyBudget } from '../../../src/http/body';
import { CostBudget } from '../../../src/access/CostBudget';
import { chargeTo } from '../../../src/access/costs';

const KIB = 1_024;

/** A request whose body is sent piece by piece. */
class Sender extends EventEmitter {
  public complete = false;
  public headers: Record<string, string> = {};
  public pause(): void {
    this.emit('paused');
  }

  public send(bytes: number): void {
    this.emit('data', Buffer.alloc(bytes, 'x'));
  }

  public finish(): void {
    this.complete = true;
    this.emit('end');
    this.emit('close');
  }
}

const read = async(sender: Sender, limit = 1_000 * KIB): Promise<string> => readText(sender as unknown as IncomingMessage, limit);

describe('The body of a request', (): void => {
  const costs = new CostBudget('http://localhost/', 0);

  /** Reads a body within a budget; the work ends when `done` is called. */
  const held = (bodies: BodyBudget, agent?: string, headers: Record<string, string> = {}, address = '::1'): {
    sender: Sender; text: Promise<string>; done: () => void; answered: Promise<unknown>;
  } => {
    const sender = new Sender();
    sender.headers = headers;
    const account = costs.open('http://localhost/a/', address);
    account.identify({ agent });
    let done: () => void = (): void => undefined;
    let text: Promise<string> | undefined;
    const work = new Promise<void>((resolve): unknown => done = resolve);
    const answered = withinBodyBudget(bodies, async(): Promise<void> => chargeTo(account, async(): Promise<void> => {
      text = read(sender);
      text.catch((): unknown => undefined);
      await work;
    }));
    return { sender, text: text!, done, answered };
  };

  it('is read as text.', async(): Promise<void> => {
    const sender = new Sender();
    const text = read(sender);
    sender.send(3);
    sender.finish();
    expect(await text).toBe('xxx');
  });

  it.each([ 'gzip', 'GZIP', 'identity, br', 'x'.repeat(200) ])('is refused with the content coding %s.', async(coding): Promise<void> => {
    const sender = new Sender();
    sender.headers = { 'content-encoding': coding };
    await expect(read(sender)).rejects.toMatchObject({ status: 415, headers: { 'Accept-Encoding': 'identity' }});
  });

  it.each([ 'identity', '', ' Identity ' ])('is read with the content coding "%s".', async(coding): Promise<void> => {
    const sender = new Sender();
    sender.headers = { 'content-encoding': coding };
    const text = read(sender);
    sender.finish();
    expect(await text).toBe('');
  });

  it('counts against the budget from when it arrives until the request is answered.', async(): Promise<void> => {
    const bodies = new BodyBudget(800 * KIB);
    const one = held(bodies, 'a');
    one.sender.send(60 * KIB);
    expect(bodies.size).toBe(60 * KIB);
    one.sender.finish();
    await one.text;
    expect(bodies.size).toBe(60 * KIB);
    one.done();
    await one.answered;
    expect(bodies.size).toBe(0);
  });

  it('is refused if its sender holds an eighth, with what it announces too.', async(): Promise<void> => {
    const bodies = new BodyBudget(800 * KIB);
    const one = held(bodies, 'a');
    one.sender.send(100 * KIB);
    const two = held(bodies, 'a');
    two.sender.send(1);
    await expect(two.text).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '5' }, message: expect.stringContaining('Your requests') });
    const three = held(bodies, 'a', { 'content-length': '1' });
    await expect(three.text).rejects.toMatchObject({ status: 503 });
    const other = held(bodies, 'b');
    other.sender.send(100 * KIB);
    expect(bodies.size).toBe(200 * KIB);
    for (const { done, answered } of [ one, two, three, other ]) {
      done();
      await answered;
    }
    expect(bodies.size).toBe(0);
  });

  it('is refused if the public holds one half, or all the other.', async(): Promise<void> => {
    const bodies = new BodyBudget(800 * KIB);
    const all = [ 1, 2, 3, 4 ].map((at): ReturnType<typeof held> => held(bodies, undefined, {}, `192.0.2.${at}`));
    all.forEach(({ sender }): void => sender.send(100 * KIB));
    const fifth = held(bodies, undefined, {}, '192.0.2.5');
    fifth.sender.send(1);
    await expect(fifth.text).rejects.toMatchObject({ status: 503, message: expect.stringContaining('as many request bodies') });
    const agents = [ 'a', 'b', 'c', 'd' ].map((agent): ReturnType<typeof held> => held(bodies, agent));
    agents.forEach(({ sender }): void => sender.send(100 * KIB));
    const last = held(bodies, 'e');
    last.sender.send(1);
    await expect(last.text).rejects.toMatchObject({ status: 503 });
    for (const { done, answered } of [ ...all, fifth, ...agents, last ]) {
      done();
      await answered;
    }
    expect(bodies.size).toBe(0);
  });

  it('has to arrive in time.', async(): Promise<void> => {
    const bodies = new BodyBudget(800 * KIB, 0.05);
    const one = held(bodies, 'a');
    one.sender.send(10);
    await expect(one.text).rejects.toMatchObject({ status: 408, headers: { Connection: 'close' }});
    one.done();
    await one.answered;
    expect(bodies.size).toBe(0);
  });

  it('has to be whole, small enough and UTF-8.', async(): Promise<void> => {
    const broken = new Sender();
    const text = read(broken);
    broken.emit('close');
    await expect(text).rejects.toThrow('ended before it was whole');
    const large = new Sender();
    const tooLarge = read(large, 10);
    large.send(11);
    await expect(tooLarge).rejects.toMatchObject({ status: 413 });
    const binary = new Sender();
    const invalid = read(binary);
    binary.emit('data', Buffer.from([ 0xFF ]));
    binary.finish();
    await expect(invalid).rejects.toThrow('not valid UTF-8');
  });
});
