import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObserver } from '../../../core/observe.ts';
import { writeFileDurable } from '../../../platform/files/files.ts';
import type { Gateway } from '../../compose/gateway.ts';
import { loadConfig } from '../../config/config.ts';
import { forgetInstance } from '../../local-services/postgres/instance.ts';
import type { Terminal } from '../command.ts';

const STOP_DEADLINE_MS = 9_000;

/** Settings of a gateway that is simulated against, where the environment has none of its own. */
const DEFAULTS = {
  CITYWATCH_HTTP_PORT: '0',
  CITYWATCH_MQTT_PORT: '0',
  CITYWATCH_WEBHOOK_NETWORKS: '127.64.0.0/16',
  CITYWATCH_LOG_LEVEL: 'error',
};

/** A gateway with private servers and a data directory of its own, all of which is gone with it. */
export class OwnGateway {
  /** What the simulator is told of it. Secrets are in files that only we can read. */
  readonly options: Record<'gateway' | 'mqtt' | 'token-file' | 'store-file' | 'watch-pid', string>;
  readonly #directory: string;
  readonly #gateway: Gateway;

  private constructor(directory: string, gateway: Gateway) {
    this.#directory = directory;
    this.#gateway = gateway;
    this.options = {
      gateway: gateway.urls.http,
      mqtt: gateway.urls.mqtt,
      'token-file': join(directory, 'token'),
      'store-file': join(directory, 'store.json'),
      'watch-pid': String(process.pid),
    };
  }

  static async start({ terminal, ended }: { terminal: Terminal; ended: AbortSignal }): Promise<OwnGateway> {
    // Its path is short: sockets of the private servers lie below it.
    const directory = await mkdtemp(join(tmpdir().length < 40 ? tmpdir() : '/tmp', 'cw-sim-'));
    const dataDir = join(directory, 'd');
    const token = randomBytes(32).toString('base64url');
    const { secrets } = terminal;
    const defaults = { ...DEFAULTS, CITYWATCH_DATA_DIR: dataDir, CITYWATCH_ADMIN_TOKEN: token };
    const config = loadConfig({ secrets, defaults });
    const observer = createObserver({ level: config.log.level, secrets });
    const { compose } = await import('../../compose/compose.ts');
    try {
      const gateway = await compose({ config, observer, secrets, ended });
      await writeFileDurable(join(directory, 'token'), config.adminToken ?? token, { mode: 0o600 });
      const password = (await readFile(join(dataDir, 'secrets', 'influx'), 'utf8')).trim();
      const url = `http+unix://${encodeURIComponent(join(dataDir, 'run', 'influx.sock'))}`;
      const store = { url, username: 'citywatch', password, database: config.influx.database };
      await writeFileDurable(join(directory, 'store.json'), JSON.stringify(store), { mode: 0o600 });
      return new OwnGateway(directory, gateway);
    } catch (error) {
      await remove(directory);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#gateway.stop(STOP_DEADLINE_MS);
    await remove(this.#directory);
  }
}

async function remove(directory: string): Promise<void> {
  await forgetInstance(join(directory, 'd')).catch(() => {});
  await rm(directory, { recursive: true, force: true });
}
