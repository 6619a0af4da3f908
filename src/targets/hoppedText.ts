import type { Event } from '../event/Event';
import { forwardedDocument } from '../event/Event';
import type { DeliveredEvent } from '../delivery/TargetKind';

const TEXTS = new WeakMap<Event, string>();

/** The document of an event with one more hop, as JSON-LD. Cached by the event object. */
export function hoppedText(event: DeliveredEvent): string {
  let text = TEXTS.get(event);
  if (text === undefined) {
    text = forwardedDocument(event, event.hops + 1);
    TEXTS.set(event, text);
  }
  return text;
}
