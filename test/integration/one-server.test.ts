import { shareServer } from '../util/scene';
import './one-server/api-key-scopes';
import './one-server/cloudevents';
import './one-server/external-event';
import './one-server/endpoints';
import './one-server/ldp';
import './one-server/paths';
import './one-server/send';
import './one-server/subscriptions';
import './one-server/tokens';

// The start of a server, and of the modules that it needs, takes longer than most of these tests.
shareServer(9);
