import { type ChildProcess, spawn } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Test } from 'tap';
import { temporaryDirectory } from '../ingest/journal.ts';
import { judge } from '../judges.ts';
import { freePort } from '../network/free-port.ts';
import { until } from '../time/until.ts';

export const GATEWAY_USER = 'citywatch';
/** Of every user of it. */
export const PASSWORD = 'of-the-broker';

/** Debian's Mosquitto with the settings docs/operators.md asks for, on a free port, with users of its own. */
export class Broker {
  readonly port: number;
  readonly #directory: string;
  readonly #scheme: 'mqtt' | 'mqtts';
  #process: ChildProcess | null = null;

  private constructor(port: number, directory: string, scheme: 'mqtt' | 'mqtts') {
    this.port = port;
    this.#directory = directory;
    this.#scheme = scheme;
  }

  /**
   * One that answers, with TLS where it is given a certificate; gone after the test. Each device's user name, client id
   * and place in topics are its id.
   */
  static async start(t: Test, devices: string[], tls?: { cert: string; key: string }): Promise<Broker> {
    const directory = await temporaryDirectory(t);
    const broker = new Broker(await freePort(), directory, tls ? 'mqtts' : 'mqtt');
    for (const [name, pem] of Object.entries(tls ?? {})) await writeFile(join(directory, `${name}.pem`), pem);
    const lines = [GATEWAY_USER, ...devices].map((user) => `${user}:${hashed(PASSWORD)}\n`);
    await writeFile(join(directory, 'passwords'), lines.join(''), { mode: 0o600 });
    const rights = [
      ...[`user ${GATEWAY_USER}`, 'topic read cw/v1/#', 'topic write cw/v1/+/command'],
      ...['', 'pattern write cw/v1/%u/telemetry', 'pattern write cw/v1/%u/event', 'pattern write cw/v1/%u/state'],
      ...['pattern write cw/v1/%u/reply', 'pattern read cw/v1/%u/command', ''],
    ];
    await writeFile(join(directory, 'rights'), rights.join('\n'), { mode: 0o600 });
    const settings = [
      `listener ${broker.port} 127.0.0.1`,
      ...(tls ? [`certfile ${directory}/cert.pem`, `keyfile ${directory}/key.pem`] : []),
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      ...['allow_anonymous false', `password_file ${directory}/passwords`, `acl_file ${directory}/rights`],
      ...['persistence true', `persistence_location ${directory}/`, 'autosave_on_changes true', 'autosave_interval 1'],
      ...['max_queued_messages 0', 'max_inflight_messages 0', 'log_dest none', ''],
    ];
    await writeFile(join(directory, 'settings'), settings.join('\n'));
    t.teardown(() => broker.kill());
    await broker.start();
    return broker;
  }

  /** Takes from the gateway the right to send commands, as in an access list from before there were any. */
  async refuseCommands(): Promise<void> {
    const path = join(this.#directory, 'rights');
    const rights = await readFile(path, 'utf8');
    await writeFile(path, rights.replace('topic write cw/v1/+/command\n', ''), { mode: 0o600 });
  }

  /** What the gateway is told of it. */
  get url(): string {
    return `${this.#scheme}://${GATEWAY_USER}:${PASSWORD}@127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const { command, env } = await judge('mosquitto');
    this.#process = spawn(command, ['-c', join(this.#directory, 'settings')], { env, stdio: 'ignore' });
    await until('the broker answers', async () => {
      const socket = connectTcp({ port: this.port, host: '127.0.0.1' });
      await once(socket, 'connect');
      socket.destroy();
      return true;
    });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    const gone = once(child, 'close');
    child.kill(signal);
    await gone;
  }

  /** A device that is connected with MQTT 5, so that the broker tells it what it refuses. */
  async device(t: Test, id: string): Promise<MqttClient> {
    const login = { clientId: id, username: id, password: PASSWORD, protocolVersion: 5 as const };
    const client = await connectAsync({ host: '127.0.0.1', port: this.port, ...login, reconnectPeriod: 100 });
    client.on('error', () => {});
    t.teardown(() => client.endAsync(true));
    return client;
  }
}

/** As mosquitto_passwd writes it. */
function hashed(password: string): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, 101, 64, 'sha512');
  return `$7$101$${salt.toString('base64')}$${hash.toString('base64')}`;
}
