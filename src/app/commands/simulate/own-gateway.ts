import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObserver } from '../../../core/observe.ts';
import { writeFileDurable } from '../../../platform/files/files.ts';
import type { Gateway } from '../../compose/gateway.ts';
import { loadConfig } from '../../config/config.ts';
import { forgetInstance } from '../../local-services/postgres/instance.ts';
import { NoDiskError, SmallDisk } from '../../local-services/small-disk.ts';
import { type Terminal, UsageError } from '../command.ts';

const STOP_DEADLINE_MS = 9_000;

/** Settings of a gateway that is simulated against, where the environment has none of its own. */
const DEFAULTS = {
  CITYWATCH_HTTP_PORT: '0',
  CITYWATCH_MQTT_PORT: '0',
  CITYWATCH_WEBHOOK_NETWORKS: '127.64.0.0/16',
  CITYWATCH_CAMERA_NETWORKS: '127.65.0.0/16',
  CITYWATCH_LOG_LEVEL: 'error',
};

interface OwnGatewayOptions {
  terminal: Terminal;
  ended: AbortSignal;
  /** Whether its journal lies on a disk that a timeline may fill. */
  hasSmallDisk: boolean;
}

/** A gateway with private servers and a data directory of its own, all of which is gone with it. */
export class OwnGateway {
  /** What the simulator is told of it. Secrets are in files that only we can read. */
  readonly options: Record<string, string>;
  readonly #directory: string;
  readonly #gateway: Gateway;
  readonly #disk: SmallDisk | null;

  private constructor(directory: string, gateway: Gateway, disk: SmallDisk | null) {
    this.#directory = directory;
    this.#gateway = gateway;
    this.#disk = disk;
    this.options = {
      gateway: gateway.urls.http,
      mqtt: gateway.urls.mqtt,
      'token-file': join(directory, 'token'),
      'store-file': join(directory, 'store.json'),
      'watch-pid': String(process.pid),
      ...(disk && { 'fill-dir': disk.path }),
    };
  }

  /** @throws UsageError where `hasSmallDisk` asks for a disk of its own below the journal and none can be made */
  static async start({ terminal, ended, hasSmallDisk }: OwnGatewayOptions): Promise<OwnGateway> {
    // Its path is short: sockets of the private servers lie below it.
    const directory = await mkdtemp(join(tmpdir().length < 40 ? tmpdir() : '/tmp', 'cw-sim-'));
    const dataDir = join(directory, 'd');
    const token = randomBytes(32).toString('base64url');
    const { secrets } = terminal;
    const defaults = { ...DEFAULTS, CITYWATCH_DATA_DIR: dataDir, CITYWATCH_ADMIN_TOKEN: token };
    const config = loadConfig({ secrets, defaults });
    const observer = createObserver({ level: config.log.level, secrets });
    const { compose } = await import('../../compose/compose.ts');
    let disk: SmallDisk | null = null;
    try {
      if (hasSmallDisk) disk = await journalDisk(directory, dataDir);
      const gateway = await compose({ config, observer, secrets, ended });
      await writeFileDurable(join(directory, 'token'), config.adminToken ?? token, { mode: 0o600 });
      const password = (await readFile(join(dataDir, 'secrets', 'influx'), 'utf8')).trim();
      const url = `http+unix://${encodeURIComponent(join(dataDir, 'run', 'influx.sock'))}`;
      const store = { url, username: 'citywatch', password, database: config.influx.database };
      await writeFileDurable(join(directory, 'store.json'), JSON.stringify(store), { mode: 0o600 });
      return new OwnGateway(directory, gateway, disk);
    } catch (error) {
      await disk?.stop();
      await remove(directory);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#gateway.stop(STOP_DEADLINE_MS);
    await this.#disk?.stop();
    await remove(this.#directory);
  }
}

async function journalDisk(directory: string, dataDir: string): Promise<SmallDisk> {
  const disk = await SmallDisk.make(join(directory, 'disk')).catch((error: unknown) => {
    if (!(error instanceof NoDiskError)) throw error;
    throw new UsageError(
      `the timeline fills the disk of the gateway, and no small one can be made here: ${error.message}. Name a ` +
        'gateway and a folder on its small disk by --gateway and --fill-dir, or leave fill-disk out of the timeline',
    );
  });
  await mkdir(dataDir, { mode: 0o700 });
  await symlink(disk.path, join(dataDir, 'journal'));
  return disk;
}

async function remove(directory: string): Promise<void> {
  await forgetInstance(join(directory, 'd')).catch(() => {});
  await rm(directory, { recursive: true, force: true });
}
