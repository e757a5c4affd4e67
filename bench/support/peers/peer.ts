import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Judge, judge } from '../../../test/support/judges.ts';
import { until } from '../../../test/support/time/until.ts';
import { cpuSeconds } from '../harness.ts';

/** A program of others that does a part of our work, measured beside us where this machine has it. */
export interface Peer<Settings> {
  readonly name: string;
  /** How it is started; null where this machine has no such program. */
  find(): Promise<Judge | null>;
  /** Resolves when it answers. */
  start(program: Judge, settings: Settings): Promise<void>;
  stop(): Promise<void>;
  /** CPU seconds so far. */
  cpu(): number;
}

/** As {@link Peer.find} for a program that Debian has: unpacked into a cache of its own, nothing is installed. */
export async function unpacked(name: string): Promise<Judge | null> {
  return judge(name).catch(() => null);
}

/** As {@link Peer.find} for a program that somebody else has installed. */
export function installed(name: string): Judge | null {
  const paths = (process.env.PATH ?? '').split(delimiter).map((place) => join(place, name));
  const command = paths.find(isProgram);
  return command === undefined ? null : { command, env: {} };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The process of a peer, on a directory of its own that goes with it. */
export class PeerProcess {
  #directory = '';
  #child: ChildProcess | null = null;

  /**
   * Writes the configuration as `name`, starts the program with `args`, which are given its path, and resolves when
   * `port` takes connections. Rejects with what it wrote when it ends instead.
   */
  async start({ command, env }: Judge, how: Start): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'cw-peer-'));
    const path = join(this.#directory, how.name);
    await writeFile(path, how.configuration);
    const options = { env: { ...process.env, ...env }, cwd: this.#directory };
    const child = spawn(command, how.args(path), { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-10_000);
    });
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
    await until(`${command} answers`, async () => hasEnded() || how.port === null || (await takes(how.port)), 30_000);
    if (hasEnded()) throw new Error(`${command} ended with ${child.signalCode ?? child.exitCode}: ${said}`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
  }

  cpu(): number {
    return cpuSeconds(this.#child?.pid ?? 0);
  }

  /** Its memory, what it shares counted in parts. */
  memoryMiB(): number {
    const rollup = readFileSync(`/proc/${this.#child?.pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) / 1024;
  }
}

interface Start {
  /** File name of the configuration. */
  name: string;
  configuration: string;
  args: (path: string) => string[];
  /** Null where it listens on none. */
  port: number | null;
}

async function takes(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
