import type { Configuration, Parameter } from './configuration';
import { DEFAULT_PORT } from './preflight';

/** Descriptions of the start options, with the defaults of this command, in display order. */
const DESCRIPTIONS: Readonly<Partial<Record<string, string>>> = {
  config: 'Configuration files. Default: files in the data folder, with all dialects (config/examples/start.json)',
  mainModulePath: 'Folder whose packages are searched for components. Default: the solid-pod-events package',
  port: `TCP port to listen on. Default: ${DEFAULT_PORT}`,
  baseUrl: 'Public URL of the server, stored in the event store. Default: http://localhost:{port}/',
  rootFilePath: 'Data folder. Default: ./data, or ./ with -c',
  seedConfig: 'JSON file with accounts and pods to create at the start',
  loggingLevel: 'error, warn, info, verbose, debug or silly. Default: info',
  eventsAllow: 'Non-public addresses to which events may be sent, as comma-separated CIDR blocks. Default: none',
  eventsKeyFile: 'File with the keys that encrypt secrets of webhooks. Default: .events/secret.key in the data folder',
  eventsMetrics: 'Listen address of the Prometheus metrics, such as 127.0.0.1:9464. Default: no metrics',
  socket: 'Unix domain socket to listen on instead of the port. Requires --baseUrl',
  showStackTrace: 'Show stack traces on error pages. Default: off',
  confirmMigration: 'Skip the confirmation prompts of a migration from an older server version',
};
/** Options of the Solid server that do not apply to this command. */
const HIDDEN = [ 'workers', 'podConfigJson', 'sparqlEndpoint' ];

const COMMANDS = `Commands:
  move --from URL --to URL [--dry-run]  Change the base URL in the event store of a stopped server
  backup FOLDER [--events-only] [--with-key]  Copy all data of a server, which may be running, to a new folder
  restore FOLDER [--force]              Restore a backup to the data folder of a stopped server
  check [--full]                        Check the event store of a server, which may be running
  rotate-key [--discard]                Encrypt the secrets of webhooks of a stopped server with a new key
All commands accept the data folder (-f, default ./data) and --json.`;

/** Returns the help text, with the options of a configuration. */
export function helpText({ parameters }: Pick<Configuration, 'parameters'>, version: string): string {
  const known = Object.keys(DESCRIPTIONS);
  const rank = (name: string): number => known.indexOf(name) < 0 ? known.length : known.indexOf(name);
  const shown = parameters.filter(({ name }): boolean => !HIDDEN.includes(name))
    .sort((left, right): number => rank(left.name) - rank(right.name));
  return `solid-pod-events-server ${version}

Starts a Community Solid Server with events. SIGTERM and SIGINT stop it gracefully.

Usage: solid-pod-events-server [options]
       solid-pod-events-server <command> [options]

Options:
${shown.map(line).join('\n')}
  -h, --help                   Print this help
      --version                Print the version

Each option can also be set by an environment variable, such as CSS_BASE_URL or CSS_EVENTS_ALLOW.

${COMMANDS}

Exit codes: 0 success, 1 failed or problems found, 2 invalid usage.
`;
}

function line({ name, alias, describe, type }: Parameter): string {
  const flag = `  ${alias === undefined ? '    ' : `-${alias}, `}--${name}${type === 'boolean' ? '' : ' VALUE'}`;
  return `${flag.padEnd(30)} ${DESCRIPTIONS[name] ?? describe ?? ''}`.trimEnd();
}
