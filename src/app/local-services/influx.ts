import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { CitywatchError } from '../../core/errors.ts';
import { writeFileDurable } from '../../platform/files.ts';
import { Child, type ServiceDeps } from './child.ts';
import type { DataDirectory } from './data-directory.ts';
import { influxConfiguration } from './influx-configuration.ts';
import { PLAIN_ENVIRONMENT } from './run.ts';

export interface LocalInflux {
  /** `http://127.0.0.1:port`; the same for as long as the data directory lives and nobody else takes the port. */
  url: string;
  port: number;
  username: string;
  password: string;
  child: Child;
  stop(signal?: AbortSignal): Promise<void>;
}

const ADMIN = 'citywatch';

/** Below the ports the kernel gives to outgoing connections (32768 up), so none of those can take ours. */
const PORTS = { from: 20_000, to: 32_000 };

const PORTS_TRIED_MAX = 10;

/**
 * Starts the private influxd 1.x on loopback, with authentication. Its administrator is made through a unix socket in a
 * private directory, which also proves that the server on the port is ours, before anybody learns the port.
 */
export async function startInflux(place: DataDirectory, deps: ServiceDeps): Promise<LocalInflux> {
  const directory = await place.directory('influx');
  const password = await place.secret('influx');
  const socketPath = join(await place.socketDirectory(), 'influx.sock');
  const portFile = join(directory, 'port');
  let port = Number(await readFile(portFile, 'utf8').catch(() => '')) || choosePort();
  for (let tried = 1; ; tried += 1) {
    const child = await prepare({ directory, socketPath, port, password }, deps);
    try {
      await child.start();
      await writeFileDurable(portFile, String(port), { mode: 0o600 });
      const url = `http://127.0.0.1:${port}`;
      return { url, port, username: ADMIN, password, child, stop: (signal) => child.stop(signal) };
    } catch (error) {
      if (tried === PORTS_TRIED_MAX || !String(error).includes('address already in use')) throw error;
      port = choosePort();
    }
  }
}

function choosePort(): number {
  return randomInt(PORTS.from, PORTS.to);
}

interface Settings {
  directory: string;
  socketPath: string;
  port: number;
  password: string;
}

async function prepare(settings: Settings, deps: ServiceDeps): Promise<Child> {
  const { directory, socketPath, password } = settings;
  const configPath = join(directory, 'influxdb.conf');
  await writeFileDurable(configPath, influxConfiguration(settings), { mode: 0o600 });
  return new Child(
    {
      name: 'influxdb',
      command: 'influxd',
      args: ['run', '-config', configPath],
      env: { ...PLAIN_ENVIRONMENT, HOME: directory },
      cwd: directory,
      deathSignal: 'KILL',
      stopSignal: 'SIGTERM',
      lockPath: join(directory, 'lock'),
      probe: (signal) => ensureAdmin({ socketPath, password, signal }),
    },
    deps,
  );
}

interface Door {
  socketPath: string;
  password: string;
  signal: AbortSignal;
}

/** Resolves when influxd lets our administrator in; makes it where there is none yet. */
async function ensureAdmin(door: Door): Promise<void> {
  const login = Buffer.from(`${ADMIN}:${door.password}`).toString('base64');
  const known = await query(door, 'SHOW DATABASES', `Basic ${login}`);
  if (known === 200) return;
  const made = await query(door, `CREATE USER "${ADMIN}" WITH PASSWORD '${door.password}' WITH ALL PRIVILEGES`);
  const detail = `influxd answered ${known} to its administrator and ${made} to making one.`;
  if (made !== 200) throw new CitywatchError('service.failed', { detail });
}

/** Runs one statement, sent in the body so that no log of addresses shows it, and resolves with the HTTP status. */
function query({ socketPath, signal }: Door, statement: string, authorization?: string): Promise<number> {
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
