import { join } from 'node:path';
import { Child, type ServiceDeps, USEFUL_PATIENCE_MS } from './child.ts';
import { type DataDirectory, keepFile } from './data-directory.ts';
import { askRedis } from './redis-probe.ts';
import { PLAIN_ENVIRONMENT } from './run.ts';

export interface LocalRedis {
  /** `unix://:password@/path/of/the.sock`. */
  url: string;
  socketPath: string;
  password: string;
  child: Child;
  stop(signal?: AbortSignal): Promise<void>;
}

/**
 * Starts the private redis-server: unix socket only, a random password, append-only file, and no eviction, because
 * BullMQ keeps what it must not lose there. Data in `redis/` of the data directory. One that does not come up is tried
 * on: alerts go on without it.
 */
export async function startRedis(place: DataDirectory, deps: ServiceDeps): Promise<LocalRedis> {
  const directory = await place.directory('redis');
  const password = await place.secret('redis');
  const socketPath = join(await place.socketDirectory(), 'redis.sock');
  const configPath = join(directory, 'redis.conf');
  const url = `unix://:${password}@${encodeURI(socketPath)}`;
  const child = new Child(
    {
      name: 'redis',
      command: 'redis-server',
      args: [configPath],
      env: PLAIN_ENVIRONMENT,
      cwd: directory,
      deathSignal: 'KILL',
      stopSignal: 'SIGTERM',
      lockPath: join(directory, 'lock'),
      tidy: () => keepFile(configPath, configuration({ directory, socketPath, password })),
      // While it still loads its data, redis answers PING with an error.
      probe: async (signal) => void (await askRedis(url, [['PING']], signal)),
    },
    deps,
  );
  await child.startOrRetry(USEFUL_PATIENCE_MS);
  return { url, socketPath, password, child, stop: (signal) => child.stop(signal) };
}

/**
 * `save ""`: the append-only file alone carries the data, a snapshot beside it would only cost writes. `hz 4`: its
 * default of ten rounds a second is most of what Redis costs while nothing comes.
 */
function configuration(values: { directory: string; socketPath: string; password: string }): string {
  const lines = [
    'port 0',
    `unixsocket ${quote(values.socketPath)}`,
    'unixsocketperm 700',
    'protected-mode yes',
    `requirepass ${quote(values.password)}`,
    'daemonize no',
    'supervised no',
    'databases 1',
    'hz 4',
    `dir ${quote(values.directory)}`,
    'logfile ""',
    'loglevel warning',
    'always-show-logo no',
    'save ""',
    'appendonly yes',
    'appendfsync everysec',
    'maxmemory-policy noeviction',
  ];
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
