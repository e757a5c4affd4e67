import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import type { Test } from 'tap';
import type { CityFile } from '../../../simulators/cities/city-file.ts';
import type { RunOptions } from '../../../simulators/cities/run.ts';
import { doorsOf } from '../../../simulators/cities/targets.ts';
import type { Driver } from '../../../simulators/drivers/driver.ts';
import { InfluxStore } from '../../../simulators/report/store.ts';
import { judge } from '../judges.ts';
import { freePort } from '../network/free-port.ts';
import type { Influxd } from '../telemetry/influxd.ts';
import { until } from '../time/until.ts';

/** Another gateway than ours: Debian's Mosquitto, and what carries its messages into InfluxDB. */

export const DATABASE = 'city';
const TOPICS = 'city/+/+/+';
const FLUSH_MS = 100;

function ended(child: ChildProcess): () => Promise<void> {
  const gone = once(child, 'close');
  return async () => {
    child.kill('SIGKILL');
    await gone;
  };
}

/** Mosquitto that lets everybody in, with room for all that waits; resolves with its port. */
export async function startMosquitto(t: Test): Promise<number> {
  const port = await freePort();
  const path = join(t.testdir(), 'mosquitto.conf');
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  const queues = ['max_queued_messages 0', 'max_inflight_messages 0', 'log_dest none'];
  await writeFile(path, [`listener ${port} 127.0.0.1`, 'allow_anonymous true', ...user, ...queues, ''].join('\n'));
  const { command, env } = await judge('mosquitto');
  t.teardown(ended(spawn(command, ['-c', path], { env, stdio: 'ignore' })));
  await until('Mosquitto answers', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  return port;
}

export type Door = Pick<Influxd, 'url' | 'username' | 'password'>;

export interface Between {
  port: number;
  influxd: Influxd;
}

/** Carries messages into InfluxDB from the moment on at which this resolves. */
export type Carrier = (t: Test, between: Between) => Promise<void>;

/** Whether Telegraf is installed here: Debian has none. */
export const hasTelegraf = spawnSync('telegraf', ['version']).status === 0;

/** The real one, set up as `config/drivers/mosquitto-telegraf.yaml` says. */
export const telegraf: Carrier = async (t, { port, influxd }) => {
  const path = join(t.testdir(), 'telegraf.conf');
  const text = `
[agent]
  interval = "1s"
  flush_interval = "200ms"
  flush_jitter = "0s"
  omit_hostname = true
  metric_buffer_limit = 100000
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:${port}"]
  topics = ["${TOPICS}"]
  qos = 1
  persistent_session = true
  client_id = "telegraf"
  data_format = "json"
  json_time_key = "ts"
  json_time_format = "unix_ms"
  tag_keys = ["dev", "kind"]
[[outputs.influxdb]]
  urls = ["${influxd.url}"]
  database = "${DATABASE}"
  skip_database_creation = true
  username = "${influxd.username}"
  password = "${influxd.password}"
`;
  await writeFile(path, text, { mode: 0o600 });
  const child = spawn('telegraf', ['--config', path], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(ended(child));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  await until('Telegraf is connected', () => /Connected \[tcp/.test(said));
};

/**
 * Stands in for Telegraf where there is none: flattens JSON as its parser does, which keeps numbers alone, and writes
 * line protocol. `loses` says which of its lines it loses.
 */
export function standIn(loses: (line: string) => boolean = () => false): Carrier {
  return async (t, { port, influxd }) => {
    const lines: string[] = [];
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'stand-in', clean: false });
    client.on('message', (topic, payload) => {
      for (const line of linesOf(topic, payload.toString())) if (!loses(line)) lines.push(line);
    });
    let writing = Promise.resolve();
    const flush = (): void => {
      const body = lines.splice(0).join('\n');
      if (body !== '') writing = writing.then(() => write(influxd, body));
    };
    const timer = setInterval(flush, FLUSH_MS);
    t.teardown(async () => {
      clearInterval(timer);
      await writing;
      await client.endAsync(true);
    });
    await client.subscribeAsync(TOPICS, { qos: 1 });
  };
}

/** Writes line protocol with times in ms. */
export async function write({ url, username, password }: Door, body: string): Promise<void> {
  const headers = { authorization: `Basic ${btoa(`${username}:${password}`)}` };
  const response = await fetch(`${url}/write?db=${DATABASE}&precision=ms`, { method: 'POST', body, headers });
  if (!response.ok) throw new Error(`InfluxDB answered ${response.status}: ${await response.text()}`);
}

/** What Telegraf makes of a message: nothing of one that it cannot read. */
export function linesOf(topic: string, text: string): string[] {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    // Telegraf logs it and goes on.
    return [];
  }
  return [told].flat().flatMap((one) => {
    const { ts, dev, kind, ...rest } = (one ?? {}) as Record<string, unknown>;
    const fields = numbersIn(rest).map(([name, value]) => `${name}=${value}`);
    if (typeof ts !== 'number' || fields.length === 0) return [];
    return [`mqtt_consumer,topic=${topic},dev=${String(dev)},kind=${String(kind)} ${fields.join(',')} ${ts}`];
  });
}

function numbersIn(value: object, before = ''): [string, number][] {
  return Object.entries(value).flatMap(([name, one]): [string, number][] => {
    if (typeof one === 'number') return [[before + name, one]];
    return typeof one === 'object' && one !== null ? numbersIn(one, `${before}${name}_`) : [];
  });
}

export interface DrivenRun extends Between {
  file: CityFile;
  driver: Driver;
  forMs: number;
  settleMs: number;
  say?(text: string): void;
}

/** A run of a city against the gateway at `port`, which stores into `influxd`. */
export function drivenOptions(t: Test, { port, influxd, driver, say = () => {}, ...run }: DrivenRun): RunOptions {
  const { url, username, password } = influxd;
  return {
    ...run,
    run: 'r1234',
    seed: 7,
    scale: 1,
    prefix: 'sim-1234-',
    doors: doorsOf({ gateway: 'http://127.0.0.1', mqtt: `mqtt://127.0.0.1:${port}` }, null),
    token: '',
    out: join(t.testdir(), 'out'),
    store: new InfluxStore({ url, username, password, database: DATABASE }, driver.storeWords),
    watchPid: null,
    power: false,
    fillDir: null,
    centre: null,
    keep: false,
    part: null,
    signal: new AbortController().signal,
    say,
  };
}
