import { forwardedDocument } from '../event/Event';
import { perEvent } from './perEvent';

/** The document of an event with one more hop, as JSON-LD. */
export const hoppedText = perEvent((event): string => forwardedDocument(event, event.hops + 1));
