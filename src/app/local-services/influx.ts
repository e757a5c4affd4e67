import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { type Random, systemRandom, wholeBetween } from '../../core/random.ts';
import { writeFileDurable } from '../../platform/files/files.ts';
import { Child, type ServiceDeps, USEFUL_PATIENCE_MS } from './child.ts';
import { type DataDirectory, keepFile } from './data-directory.ts';
import { influxConfiguration } from './influx-configuration.ts';
import { PLAIN_ENVIRONMENT, run } from './run.ts';

/** How the server can be reached: by its socket in our directory, or for other programs by a port of loopback. */
export type Reach = 'socket' | 'ports';

export interface LocalInflux {
  /**
   * `http+unix://%2F…`, or `http://127.0.0.1:port`, the same for as long as the data directory lives and nobody else
   * takes the port.
   */
  url: string;
  /** Null where it is reached by its socket. */
  port: number | null;
  username: string;
  password: string;
  child: Child;
  stop(signal?: AbortSignal): Promise<void>;
}

/** Reading a large log of writes again after a crash takes minutes; ended meanwhile it would begin anew, for ever. */
const READY_DEADLINE_MS = 30 * MINUTE_MS;

const ADMIN = 'citywatch';

/** Below the ports the kernel gives to outgoing connections (32768 up), so none of those can take ours. */
const PORTS = { from: 20_000, to: 32_000 };

const PORTS_TRIED_MAX = 10;

/**
 * Starts the private influxd 1.x, with authentication. Its administrator is made through a unix socket in a private
 * directory, which also proves that the server is ours, before anybody learns where it is.
 *
 * Besides HTTP, influxd 1.x always opens a port for backups that asks for no password and cannot be switched off: any
 * user of the machine could copy or replace everything. So it gets a network of its own, in which nobody else is;
 * where the system does not allow that, the log says so. We reach it by its socket in either case, which nobody else
 * can have taken. One that does not come up is tried on: telemetry waits for it in the journal.
 */
export async function startInflux(place: DataDirectory, deps: ServiceDeps, reach?: Reach): Promise<LocalInflux> {
  const directory = await place.directory('influx');
  const password = await place.secret('influx');
  const socketPath = join(await place.socketDirectory(), 'influx.sock');
  const settings = { directory, socketPath, password };
  const seal = reach === 'ports' ? null : await sealing();
  if (reach === 'ports') return await startOnPort(settings, deps);
  if (!seal) deps.observer.log.warn({ part: 'influxdb', remedy: REMEDY }, OPEN_TO_LOCAL_USERS);
  const child = prepare({ ...settings, port: 0, ...(seal && { seal }) }, deps);
  await child.startOrRetry(USEFUL_PATIENCE_MS);
  const url = `http+unix://${encodeURIComponent(socketPath)}`;
  return { url, port: null, username: ADMIN, password, child, stop: (signal) => child.stop(signal) };
}

const OPEN_TO_LOCAL_USERS = 'other users of this machine can read and replace what InfluxDB holds, by its backup port';
const REMEDY = 'allow unshare(1) network namespaces, let nobody else use this machine, or set INFLUX_URL';

/** The words before a command that give it a network without any interface; null where the system refuses. */
async function sealing(): Promise<string[] | null> {
  const unshare = ['unshare', '--net', '--'];
  // Within a user namespace of its own the death signal is lost, so it is set again.
  const unprivileged = [
    'unshare',
    '--user',
    '--map-current-user',
    '--net',
    '--',
    'setpriv',
    '--pdeathsig',
    'KILL',
    '--',
  ];
  for (const words of [unshare, unprivileged]) {
    const [command = '', ...args] = [...words, 'true'];
    const answer = await run(command, args).catch(() => null);
    if (answer?.status === 0) return words;
  }
  return null;
}

async function startOnPort(settings: Omit<Settings, 'port'>, deps: ServiceDeps): Promise<LocalInflux> {
  const { directory, password } = settings;
  const portFile = join(directory, 'port');
  let port = Number(await readFile(portFile, 'utf8').catch(() => '')) || choosePort(deps.random ?? systemRandom);
  for (let tried = 1; ; tried += 1) {
    const child = prepare({ ...settings, port }, deps);
    try {
      await child.start();
      await writeFileDurable(portFile, String(port), { mode: 0o600 });
      const url = `http://127.0.0.1:${port}`;
      return { url, port, username: ADMIN, password, child, stop: (signal) => child.stop(signal) };
    } catch (error) {
      if (tried === PORTS_TRIED_MAX || !String(error).includes('address already in use')) throw error;
      port = choosePort(deps.random ?? systemRandom);
    }
  }
}

function choosePort(random: Random): number {
  return wholeBetween(random, PORTS.from, PORTS.to);
}

interface Settings {
  directory: string;
  socketPath: string;
  port: number;
  password: string;
  /** Words before the command. */
  seal?: string[];
}

function prepare(settings: Settings, deps: ServiceDeps): Child {
  const { directory, socketPath, password, seal = [] } = settings;
  const configPath = join(directory, 'influxdb.conf');
  const [command = '', ...args] = [...seal, 'influxd', 'run', '-config', configPath];
  return new Child(
    {
      name: 'influxdb',
      command,
      args,
      env: { ...PLAIN_ENVIRONMENT, HOME: directory },
      cwd: directory,
      deathSignal: 'KILL',
      stopSignal: 'SIGTERM',
      lockPath: join(directory, 'lock'),
      tidy: () => keepFile(configPath, influxConfiguration(settings)),
      readyDeadlineMs: READY_DEADLINE_MS,
      probe: (signal) => ensureAdmin({ socketPath, password, signal }),
    },
    deps,
  );
}

interface InfluxAccess {
  socketPath: string;
  password: string;
  signal: AbortSignal;
}

/** Resolves when influxd lets our administrator in; makes it where there is none yet. */
async function ensureAdmin(access: InfluxAccess): Promise<void> {
  const login = Buffer.from(`${ADMIN}:${access.password}`).toString('base64');
  const known = await query(access, 'SHOW DATABASES', `Basic ${login}`);
  if (known === 200) return;
  const made = await query(access, `CREATE USER "${ADMIN}" WITH PASSWORD '${access.password}' WITH ALL PRIVILEGES`);
  const detail = `influxd answered ${known} to its administrator and ${made} to making one.`;
  if (made !== 200) throw new CitywatchError('service.failed', { detail });
}

/** Runs one statement, sent in the body so that no log of addresses shows it, and resolves with the HTTP status. */
function query({ socketPath, signal }: InfluxAccess, statement: string, authorization?: string): Promise<number> {
  const body = new URLSearchParams({ q: statement }).toString();
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...(authorization && { authorization }) };
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: IncomingMessage) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', reject);
    };
    request({ socketPath, path: '/query', method: 'POST', headers, signal, agent: false }, onAnswer)
      .on('error', reject)
      .end(body);
  });
}
