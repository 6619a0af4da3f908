import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResponseRules, Sent } from '../../../../src/delivery/attempt';
import type { ClaimedDelivery } from '../../../../src/delivery/DeliveryQueue';
import type { DeliveredEvent, TargetKind } from '../../../../src/delivery/TargetKind';
import { eventDocument } from '../../../../src/event/Event';
import { InvalidInput } from '../../../../src/event/InvalidInput';
import { OutgoingFailed } from '../../../../src/outgoing/Outgoing';
import type { AcceptedTarget, SubscribableTarget } from '../../../../src/subscription/ports';

/**
 * Target kind `file`: appends each event as a line to a file. Files of one folder share a circuit breaker.
 *
 * It proves that a kind needs only its own folder and configuration part.
 */
export class FileTarget implements TargetKind {
  public readonly name = 'file';
  public readonly description = 'A line of a file';
  public readonly canBeDisabled = true;
  public readonly responses: ResponseRules = {
    isDelivered: (status): boolean => status === 201,
    isRetried: (): boolean => false,
    unconfirmed: 'which is no confirmation',
  };

  public readonly subscription: SubscribableTarget = {
    property: { name: 'file', predicate: 'https://files.example/terms#file' },
    isCopied: false,
    parse(value): string {
      if (value === null || !/^file:\/\/\/[\w/.-]+$/u.test(value)) {
        throw new InvalidInput('Invalid file: it is a file URL');
      }
      return value;
    },
    async accept(_caller, url): Promise<AcceptedTarget> {
      return { target: { kind: 'file', host: dirname(fileURLToPath(url)) }};
    },
  };

  public displayUrl(): string {
    return 'file:****';
  }

  public async send({ url }: ClaimedDelivery, event: DeliveredEvent): Promise<Sent> {
    try {
      await appendFile(fileURLToPath(url), `${eventDocument(event)}\n`);
      return { result: { status: 201, headers: {}}};
    } catch (error: unknown) {
      return { result: new OutgoingFailed('unreachable', `Appending failed: ${(error as NodeJS.ErrnoException).code}`) };
    }
  }
}
