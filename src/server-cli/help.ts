import type { Configuration, Parameter } from './configuration';
import { DEFAULT_PORT } from './preflight';

/** What is said of the options of a start, with the defaults of this command; in this order. */
const DESCRIPTIONS: Readonly<Partial<Record<string, string>>> = {
  config: 'Configuration files. Default: files in the data folder, with all dialects (config/examples/start.json)',
  mainModulePath: 'Folder whose packages are searched for components. Default: that of solid-pod-events',
  port: `TCP port to listen on. Default: ${DEFAULT_PORT}`,
  baseUrl: 'Public URL of the server, kept in the event store. Default: http://localhost:{port}/',
  rootFilePath: 'Data folder. Default: ./data, or ./ with -c',
  seedConfig: 'JSON file of accounts and pods to make at the start',
  loggingLevel: 'error, warn, info, verbose, debug or silly. Default: info',
  eventsAllow: 'Addresses that events may be sent to beside the public internet, as CIDR blocks, by commas. Default: none',
  eventsMetrics: 'Address of the metrics for Prometheus, such as 127.0.0.1:9464. Default: no metrics',
  socket: 'Unix domain socket to listen on, in place of the port. Needs --baseUrl',
  showStackTrace: 'Show stack traces on error pages. Default: off',
  confirmMigration: 'Skip the questions of a migration from an older server',
};
/** Options of the server that mean nothing to this command. */
const HIDDEN = [ 'workers', 'podConfigJson', 'sparqlEndpoint' ];

const COMMANDS = `Commands:
  move --from URL --to URL [--dry-run]  Give the event store of a stopped server another base URL
  backup FOLDER [--events-only]         Copy all data of a server, which may be running, to a new folder
  restore FOLDER [--force]              Put the data of a backup into the data folder
  check [--full]                        Check the event store of a server, which may be running
All take the data folder (-f, default ./data) and --json.`;

/** The help of the command, with the options of a configuration. */
export function helpText({ parameters }: Pick<Configuration, 'parameters'>, version: string): string {
  const known = Object.keys(DESCRIPTIONS);
  const rank = (name: string): number => known.indexOf(name) < 0 ? known.length : known.indexOf(name);
  const shown = parameters.filter(({ name }): boolean => !HIDDEN.includes(name))
    .sort((left, right): number => rank(left.name) - rank(right.name));
  return `solid-pod-events-server ${version}

Starts a Community Solid Server with events. SIGTERM and SIGINT stop it in order.

Usage: solid-pod-events-server [options]
       solid-pod-events-server <command> [options]

Options:
${shown.map(line).join('\n')}
  -h, --help                   Print this
      --version                Print the version

Each option may also be set in the environment, such as CSS_BASE_URL or CSS_EVENTS_ALLOW.

${COMMANDS}

Exit codes: 0 done, 1 failed or problems found, 2 wrong usage.
`;
}

function line({ name, alias, describe, type }: Parameter): string {
  const flag = `  ${alias === undefined ? '    ' : `-${alias}, `}--${name}${type === 'boolean' ? '' : ' VALUE'}`;
  return `${flag.padEnd(30)} ${DESCRIPTIONS[name] ?? describe ?? ''}`.trimEnd();
}
