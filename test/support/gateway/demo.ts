import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descendantsOf, type Process } from '../process-tree.ts';
import { ROOT } from '../root.ts';
import { type Owner, temporaryDirectory } from '../services/services.ts';
import { until } from '../time/until.ts';

/** What the issue promises, downloads apart. */
const READY_MS = 180_000;

/** A clone of what is committed, as somebody else gets it; packages and console are lent, to save minutes. */
export async function cloneCheckout(t: Owner): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-clone-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  execFileSync('git', ['clone', '--quiet', '--shared', ROOT, directory]);
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const built = join(ROOT, 'web/dist');
  if (existsSync(built)) cpSync(built, join(directory, 'web/dist'), { recursive: true });
  return directory;
}

export interface DemoOptions {
  /** Where its code is. */
  checkout: string;
  env?: Record<string, string>;
  /** Run it in a terminal of its own, which {@link Demo.closeTerminal} closes. */
  terminal?: boolean;
  /** Where it keeps its data; a temporary directory unless given. */
  dataDirectory?: string;
}

/** `npm run demo` as a person starts it; whatever it started is gone after the test. */
export class Demo {
  output = '';
  readonly dataDirectory: string;
  readonly #child: ChildProcess;
  readonly #startedMs = performance.now();

  private constructor(child: ChildProcess, dataDirectory: string) {
    this.#child = child;
    this.dataDirectory = dataDirectory;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text.replaceAll('\r', '');
      });
    }
  }

  static async start(t: Owner, { checkout, env = {}, terminal = false, ...more }: DemoOptions): Promise<Demo> {
    const directory = more.dataDirectory ?? (await temporaryDirectory(t));
    const words = terminal ? ['script', '-qefc', 'npm run demo', '/dev/null'] : ['npm', 'run', 'demo'];
    const child = spawn(words[0] ?? '', words.slice(1), {
      cwd: checkout,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '/',
        CITYWATCH_DATA_DIR: directory,
        ...env,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const demo = new Demo(child, directory);
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    t.teardown(async () => {
      for (const { pid } of demo.family()) kill(pid, 'SIGKILL');
      await ended;
    });
    return demo;
  }

  /** Waits for the address, and resolves with the time since the start. */
  async ready(): Promise<number> {
    await this.#said('the demo is ready', /^ {2}Password {2}\S+$/m);
    return performance.now() - this.#startedMs;
  }

  /** As {@link ready}, for the moment from which the timeline counts. */
  async connected(): Promise<number> {
    await this.#said('the city is connected', /The city is connected/);
    return performance.now() - this.#startedMs;
  }

  get url(): string {
    return /^ {2}Open +(http:\S+)\/$/m.exec(this.output)?.[1] ?? '';
  }

  get password(): string {
    return /^ {2}Password +(\S+)$/m.exec(this.output)?.[1] ?? '';
  }

  /** The demo's own API token. */
  get token(): string {
    return readFileSync(join(this.dataDirectory, 'demo-token'), 'utf8');
  }

  /** It and everything below it. */
  family(): Process[] {
    const pid = this.#child.pid ?? 0;
    return descendantsOf(pid, { itself: true });
  }

  /** The process that is the gateway. */
  get gateway(): Process | undefined {
    return this.family().find(
      ({ commandLine, program }) => program === 'node' && /main\.(ts|mjs) demo/.test(commandLine),
    );
  }

  /** Where its city speaks MQTT, which it prints nowhere. */
  get mqttPort(): number {
    const city = this.family().find(({ commandLine }) => commandLine.includes('--mqtt '));
    return Number(/--mqtt mqtt:\/\/\S+:(\d+)/.exec(city?.commandLine ?? '')?.[1]);
  }

  /** What Ctrl-C does: SIGINT to all in the foreground. Resolves when it has ended. */
  async interrupt(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    process.kill(-(this.#child.pid ?? 0), 'SIGINT');
    await ended;
  }

  /** The window is gone, and with it the terminal. */
  closeTerminal(): void {
    this.#child.kill('SIGKILL');
  }

  async fetch(path: string, { token = this.token, ...init }: RequestInit & { token?: string } = {}): Promise<Response> {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(init.body ? { 'content-type': 'application/json' } : {}),
    };
    return await fetch(`${this.url}${path}`, { ...init, headers, signal: AbortSignal.timeout(30_000) });
  }

  /** The answer to a GET under /api/v1 that must be 200. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked into by the test that asked for it.
  async get(path: string): Promise<any> {
    const answer = await this.fetch(`/api/v1${path}`);
    if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
    return await answer.json();
  }

  /** A POST under /api/v1 that must make something. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  async make(path: string, body: unknown): Promise<any> {
    const answer = await this.fetch(`/api/v1${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
    return await answer.json();
  }

  async #said(what: string, words: RegExp): Promise<void> {
    const isOver = (): boolean => this.#child.exitCode !== null || this.#child.signalCode !== null;
    await until(what, () => words.test(this.output) || isOver(), READY_MS);
    if (!words.test(this.output)) throw new Error(`the demo ended: ${this.output}`);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  if (pid > 1 && existsSync(`/proc/${pid}`)) process.kill(pid, signal);
}
