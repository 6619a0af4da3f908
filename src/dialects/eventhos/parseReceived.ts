import { InvalidInput } from '../../event/InvalidInput';
import { toKey } from '../../catalogue/catalogueDraft';
import type { PageRequest } from '../../store/Page';
import type { OutcomeState, RequestFilter } from '../../catalogue/RequestLog';
import { parseMoment } from '../../http/deliveries/parseDeliveries';
import type { HttpExchange } from '../../http/Endpoint';
import { listParameters, parsePage } from './pages';

const FILTERS = [ 'systemId', 'fromTime', 'toTime', 'state', 'idSearch', 'eventIdentifierSearch' ];
const STATES: readonly OutcomeState[] = [ 'processed', 'waiting', 'error', 'ended', 'absent' ];
/** Names of states in the web front end of eventhos. */
const STATE_ALIASES: Readonly<Record<string, OutcomeState>> = { aborted: 'ended' };
/** Columns of the list. As in eventhos' server, it is always sorted by the time of receipt. */
const COLUMNS = Object.fromEntries([
  'id', 'receivedAt', 'systemId', 'systemName', 'systemIdentifier', 'eventId', 'eventName', 'eventIdentifier',
  'eventDescription', 'topic', 'state',
].map((name): [string, undefined] => [ name, undefined ]));
const MOST_CHARACTERS = 300;

/**
 * Reads which of the events that were published through a pod are asked for.
 *
 * @param exchange - The request.
 *
 * @throws {@link InvalidInput} that names the first parameter that is unknown, given twice or malformed.
 */
export function parseReceived(exchange: HttpExchange): { readonly filter: RequestFilter; readonly page: PageRequest } {
  const parameters = listParameters(exchange, FILTERS);
  const of = <T>(name: string, parse: (text: string, name: string) => T): T | undefined => {
    const text = parameters.get(name);
    return text === undefined ? undefined : parse(text, name);
  };
  const until = of('toTime', parseTime);
  const filter = {
    system: of('systemId', parseSystem),
    since: of('fromTime', parseTime),
    // The dialect has both ends within.
    until: until === undefined ? undefined : until + 1,
    state: of('state', parseState),
    id: of('idSearch', parseBeginning),
    identifier: of('eventIdentifierSearch', parseText),
  };
  return {
    filter: Object.fromEntries(Object.entries(filter).filter(([ , value ]): boolean => value !== undefined)),
    page: parsePage(parameters, COLUMNS),
  };
}

function parseSystem(text: string, name: string): number {
  const key = toKey(text);
  if (key === undefined) {
    throw new InvalidInput(`Invalid ${name}: it is the id of a system, a whole number`);
  }
  return key;
}

/** Milliseconds since 1970, or the date formats of other lists. */
function parseTime(text: string, name: string): number {
  return /^\d{9,15}$/u.test(text) ? Number(text) : parseMoment(text, name);
}

function parseState(text: string, name: string): OutcomeState {
  const state = Object.hasOwn(STATE_ALIASES, text) ? STATE_ALIASES[text] : text;
  if (!(STATES as readonly string[]).includes(state)) {
    throw new InvalidInput(`Invalid ${name}: it is one of ${STATES.join(', ')}`);
  }
  return state as OutcomeState;
}

function parseBeginning(text: string, name: string): string {
  if (!/^[0-9a-f-]{1,36}$/iu.test(text)) {
    throw new InvalidInput(`Invalid ${name}: it is the id of an event, a UUID, or how one begins`);
  }
  return text.toLowerCase();
}

function parseText(text: string, name: string): string {
  if (text.length > MOST_CHARACTERS) {
    throw new InvalidInput(`Invalid ${name}: it has more than ${MOST_CHARACTERS} characters`);
  }
  return text;
}
