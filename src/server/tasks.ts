import { CHECK_SCHEMA } from '../catalogue/checkSchema';
import { CONVERT_JSON_LD } from '../event/jsonLdConversion';
import { READ_STORED, WRITE_EVENT } from '../event/eventTasks';
import { READ_EXTERNAL_EVENT } from '../dialects/personium/parseExternalEvent';
import { READ_PRECHECK } from '../dialects/eventgrid/parsePrecheck';
import { READ_PUT_EVENTS } from '../dialects/eventgrid/parsePutEvents';
import { READ_ACTIVITY } from '../dialects/activitystreams/parseActivity';
import { READ_CLOUD_EVENTS } from '../dialects/cloudevents/parseCloudEvents';
import { READ_PUBLISH } from '../dialects/yodata/parsePublish';
import { READ_CATALOGUE_BODY } from '../dialects/eventhos/catalogueBody';
import { CHECK_BODY } from '../dialects/eventhos/checkBody';
import { CHECK_DRAFTS, CREATE_EVENTS } from '../publish/EventFactory';
import { WRITE_LDES } from '../http/ldes/ldesDocument';
import { WRITE_LISTING } from '../http/listing/listingItems';
import { INSPECT_NOTIFICATION, READ_NOTIFICATION } from '../publish/readNotification';
import { MATCH_FILTERS } from '../subscription/FilterMatcher';
import { READ_SUBSCRIPTION } from '../subscription/parseSubscription';
import type { Task } from '../work/Work';

const ALL_TASKS = [
  CHECK_BODY, CHECK_DRAFTS, CHECK_SCHEMA, CONVERT_JSON_LD, CREATE_EVENTS, INSPECT_NOTIFICATION, MATCH_FILTERS,
  READ_ACTIVITY, READ_CATALOGUE_BODY, READ_CLOUD_EVENTS, READ_EXTERNAL_EVENT, READ_NOTIFICATION, READ_PRECHECK,
  READ_PUBLISH, READ_PUT_EVENTS, READ_STORED, READ_SUBSCRIPTION, WRITE_EVENT, WRITE_LDES, WRITE_LISTING,
] as unknown as readonly Task<unknown, unknown>[];

/** All tasks of worker threads by name. A `Work` runs only tasks that are listed here. */
export const TASKS: ReadonlyMap<string, Task<unknown, unknown>> = new Map(ALL_TASKS.map((task) => [ task.name, task ]));
