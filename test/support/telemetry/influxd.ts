import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { influxConfiguration } from '../../../src/app/local-services/influx-configuration.ts';
import { freePort } from '../network/free-port.ts';
import { until } from '../time/until.ts';

/** A busy machine takes several times what a quiet one does. */
const STARTED_MS = 60_000;

interface Test {
  teardown(run: () => Promise<void>): void;
}

export const USERNAME = 'admin';
export const PASSWORD = 'test-only-password';

/** A real influxd of our own on a fixed free port, which a test may kill and start again on the same data. */
export class Influxd {
  readonly url: string;
  readonly username = USERNAME;
  readonly password = PASSWORD;
  readonly #configPath: string;
  #child: ChildProcess | null = null;

  private constructor(configPath: string, port: number) {
    this.#configPath = configPath;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(t: Test): Promise<Influxd> {
    const directory = await mkdtemp(join(tmpdir(), 'cw-influxd-'));
    const port = await freePort();
    const configPath = join(directory, 'influxdb.conf');
    await writeFile(configPath, influxConfiguration({ directory, socketPath: join(directory, 's'), port }));
    const influxd = new Influxd(configPath, port);
    t.teardown(async () => {
      await influxd.kill();
      await rm(directory, { recursive: true, force: true });
    });
    await influxd.start();
    await influxd.query(`CREATE USER ${USERNAME} WITH PASSWORD '${PASSWORD}' WITH ALL PRIVILEGES`);
    return influxd;
  }

  /** Resolves when the server answers. */
  async start(): Promise<void> {
    this.#child = spawn('influxd', ['-config', this.#configPath], { stdio: 'ignore' });
    const ping = () => fetch(`${this.url}/ping`, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    const child = this.#child;
    await until('influxd answers or ends', async () => (await ping())?.ok || child.exitCode !== null, STARTED_MS);
    if (child.exitCode !== null) throw new Error(`influxd ended with ${child.exitCode}`);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Writes lines as administrator, past the gateway. */
  async write(database: string, policy: string, lines: string): Promise<void> {
    const answer = await fetch(`${this.url}/write?db=${database}&rp=${policy}`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}` },
      body: lines,
    });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  }

  /** Runs InfluxQL as administrator; the answer as it came. */
  async query(statement: string, database = ''): Promise<{ results: { series?: Series[]; error?: string }[] }> {
    const answer = await fetch(`${this.url}/query?db=${encodeURIComponent(database)}`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}` },
      body: new URLSearchParams({ q: statement }),
    });
    return (await answer.json()) as { results: { series?: Series[]; error?: string }[] };
  }
}

export interface Series {
  name: string;
  columns: string[];
  values: unknown[][];
}
