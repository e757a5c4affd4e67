import { type ChildProcess, spawn } from 'node:child_process';
import { GATEWAY_ENVIRONMENT, GATEWAY_NODE_OPTIONS } from '../../../scripts/gateway-memory.mjs';
import { allProcesses, descendantsOf, type Process, stillThere } from '../process-tree.ts';
import { isRunning } from '../processes.ts';
import { bringCluster } from '../services/ready-cluster.ts';
import { type Owner, temporaryDirectory } from '../services/services.ts';
import { settles, until } from '../time/until.ts';
import { CITYWATCH } from './program.ts';

export const ADMIN_TOKEN = 'acceptance-admin-token-of-forty-letters';

const READY_MS = 120_000;
const LOG_CHARACTERS_MAX = 32 * 1024 * 1024;

/** Errors name lines of the sources where somebody reads the log; to read those costs each start 50 ms. */
const LINES_OF_SOURCES = process.env.TEST_LOG_LEVEL ? ['--enable-source-maps'] : [];

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked into by the test that asked for it.
  body: any;
}

export interface Request {
  body?: unknown;
  token?: string;
  headers?: Record<string, string>;
}

/** The real gateway as its own process on a data directory of its own, on free ports; gone after the test. */
export class Gateway {
  readonly directory: string;
  readonly env: Record<string, string>;
  /** Everything all lives of it wrote, for a test that looks for what must not be there. */
  output = '';
  httpUrl = '';
  mqttPort = 0;
  /** What its Node is told before the program: as it is delivered. */
  nodeOptions: readonly string[] = [...GATEWAY_NODE_OPTIONS, ...LINES_OF_SOURCES];
  readonly #program: string;
  #process: ChildProcess | null = null;
  #ended: Promise<number | null> = Promise.resolve(null);

  private constructor(directory: string, env: Record<string, string>, program: string) {
    this.#program = program;
    this.directory = directory;
    this.env = env;
  }

  /** One that is ready; `env` adds settings. */
  static async start(t: Owner, env: Record<string, string> = {}): Promise<Gateway> {
    const gateway = await Gateway.prepare(t, env);
    await gateway.start();
    return gateway;
  }

  /** One that does not run yet. Where it has a PostgreSQL of its own the cluster is there and has the schema. */
  static async prepare(t: Owner, env: Record<string, string> = {}, program = CITYWATCH): Promise<Gateway> {
    const gateway = await Gateway.bare(t, env, program);
    if (env.DATABASE_URL === undefined) await bringCluster(gateway.directory, 'migrated');
    return gateway;
  }

  /** One that does not run yet and has nothing: it makes everything at its first start. */
  static async bare(t: Owner, env: Record<string, string> = {}, program = CITYWATCH): Promise<Gateway> {
    const directory = await temporaryDirectory(t);
    const gateway = new Gateway(directory, { ...settings(directory), ...env }, program);
    t.teardown(async () => void (await gateway.stop('SIGKILL')));
    // A file whose top level throws runs no teardown.
    process.once('exit', () => gateway.#process?.kill('SIGKILL'));
    return gateway;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.pid > 0 && isRunning(this.pid);
  }

  /** Starts it (again) and resolves when it says that it is ready; rejects with what it wrote when it ends instead. */
  async start(): Promise<void> {
    const words = [...this.nodeOptions, this.#program, 'serve'];
    const child = spawn(process.execPath, words, { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    let said = '';
    const ready = (): boolean => /^ {2}MQTT .*\n/m.test(said);
    let tell = (): void => {};
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const listen = (text: string): void => {
      said = (said + text).slice(-LOG_CHARACTERS_MAX);
      this.output = (this.output + text).slice(-LOG_CHARACTERS_MAX);
      if (ready()) tell();
    };
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', listen);
    this.#ended = new Promise((resolve) => child.once('close', (status) => resolve(status)));
    // Told and not looked for: a look now and then would say of a start of a second that it took a tenth more.
    await settles('the gateway is ready', Promise.race([told, this.#ended]), READY_MS);
    if (!ready()) throw new Error(`the gateway ended with ${child.signalCode ?? child.exitCode}: ${said}`);
    this.httpUrl = /^ {2}API +(http:\S+)\/api\/docs$/m.exec(said)?.[1] ?? '';
    this.mqttPort = Number(/^ {2}MQTT +mqtt:.*:(\d+)$/m.exec(said)?.[1]);
  }

  /** Sends the signal and resolves with the exit status (null when the signal itself ended it). */
  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.#process?.kill(signal);
    return this.#ended;
  }

  /** One request as the administrator, or with the given token (`''`: none). Paths below `/api/v1` start with `/`. */
  async api(method: string, path: string, { body, token = ADMIN_TOKEN, headers = {} }: Request = {}): Promise<Answer> {
    const url = `${this.httpUrl}${/^\/(metrics|readyz|healthz)/.test(path) ? '' : '/api/v1'}${path}`;
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const response = await fetch(url, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
  }

  /** What is answered as a file; throws where it is not. */
  async bytes(path: string, token = ADMIN_TOKEN): Promise<Buffer> {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${this.httpUrl}/api/v1${path}`, { headers, signal: AbortSignal.timeout(30_000) });
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** The answer of a GET that must be 200. */
  // biome-ignore lint/suspicious/noExplicitAny: as in Answer.
  async get(path: string): Promise<any> {
    const { status, text, body } = await this.api('GET', path);
    if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${text}`);
    return body;
  }

  /** Registers a device in Haishu, Ningbo and resolves with its secret. */
  async register(device: { id: string; kind?: string } & Record<string, unknown>, token?: string): Promise<string> {
    const location = { lat: 29.87, lon: 121.55 };
    const input = { kind: 'recycling-kiosk', name: device.id, jurisdiction: '330203', location, ...device };
    const { status, text, body } = await this.api('POST', '/devices', { body: input, ...(token && { token }) });
    if (status !== 201) throw new Error(`registering ${device.id} answered ${status}: ${text}`);
    return body.secret;
  }

  /** Names of the health lights that are not green, with the reason. */
  async notGreen(): Promise<string[]> {
    const answer = await this.api('GET', '/readyz', { token: '' });
    const parts: [string, { ok: boolean; reason?: string }][] = Object.entries(answer.body.parts);
    return parts.filter(([, { ok }]) => !ok).map(([name, { reason }]) => `${name}: ${reason}`);
  }

  /** Waits until every light is green. */
  async untilGreen(limitMs = 60_000): Promise<void> {
    let last: string[] = [];
    const green = async (): Promise<boolean> => {
      last = await this.notGreen().catch((error: Error) => [error.message]);
      return last.length === 0;
    };
    await until('every light is green', green, limitMs).catch((error: Error) => {
      throw new Error(`${error.message} (${last.join('; ')})`);
    });
  }

  /** Waits until the ledger has nothing waiting, and resolves with it. */
  async settledLedger(limitMs = 60_000): Promise<Ledger> {
    let last: Ledger | null = null;
    const settled = async (): Promise<boolean> => {
      last = (await this.get('/ledger')) as Ledger;
      return last.rows.every(({ messages }) => messages.waiting === 0);
    };
    await until('nothing waits in the ledger', settled, limitMs);
    return last as unknown as Ledger;
  }

  /** Every process below it, with the command line it shows. */
  descendants(): Process[] {
    return descendantsOf(this.pid);
  }

  /** Process id of one of its servers: `postgres`, `redis-server` or `influxd`. */
  server(program: string): number {
    const found = this.descendants().find(({ parent, program: name }) => parent === this.pid && name === program);
    if (!found) throw new Error(`${program} does not run`);
    return found.pid;
  }

  /** Processes of any earlier life that still run: all that name the data directory, and none of the present one. */
  orphans(before: Process[]): Process[] {
    const now = new Set(this.isRunning ? [this.pid, ...this.descendants().map(({ pid }) => pid)] : []);
    const named = allProcesses().filter(({ commandLine }) => commandLine.includes(this.directory));
    return stillThere([...before, ...named]).filter(({ pid }) => !now.has(pid) && pid !== process.pid);
  }
}

export interface Ledger {
  balanced: boolean;
  epochs: { id: string }[];
  rows: {
    kind: string;
    messages: { total: number; decoded: number; deadLettered: number; waiting: number };
    records: { total: number; stored: number; duplicate: number; deadLettered: number; waiting: number };
    difference: number;
  }[];
}

function settings(directory: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/',
    ...GATEWAY_ENVIRONMENT,
    CITYWATCH_DATA_DIR: directory,
    CITYWATCH_HTTP_PORT: '0',
    CITYWATCH_MQTT_PORT: '0',
    CITYWATCH_ADMIN_TOKEN: ADMIN_TOKEN,
    CITYWATCH_LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'warn',
    // Pictures are judged where a test asks for it: each look is a process.
    CITYWATCH_PICTURE_CHECK_S: '0',
  };
}
