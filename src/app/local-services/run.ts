import { spawn } from 'node:child_process';
import { CitywatchError } from '../../core/errors.ts';

export interface RunOptions {
  /** The whole environment of the command; nothing is inherited. Never a secret (promise P8). */
  env?: Record<string, string>;
  cwd?: string;
  /** Aborting ends the command with SIGKILL. */
  signal?: AbortSignal;
  /** A file descriptor the command finds as number 3. */
  fd?: number;
  /** What the command reads; nothing unless given. May hold a secret, which nobody else can see there. */
  input?: string;
}

export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** What every command and service gets to see of our environment. */
export const PLAIN_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

const OUTPUT_CHARS_MAX = 256 * 1024;

/**
 * Runs a short command to its end and returns its status and output (the first 256 Ki characters of each). The command
 * dies with us. Rejects with `service.failed` when it cannot be started or was ended by a signal.
 */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  const { env = PLAIN_ENVIRONMENT, cwd = '/', signal, fd, input } = options;
  return new Promise((resolve, reject) => {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
      env,
      cwd,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', fd ?? 'ignore'],
      ...(signal && { signal, killSignal: 'SIGKILL' as const }),
    });
    // What it says with its status counts, and not that it ended before it had read all.
    child.stdin?.on('error', () => {}).end(input);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.on('error', (cause) => reject(failure(`${command} could not be started: ${cause.message}.`, cause)));
    child.on('close', (status, ended) => {
      if (status === null) reject(failure(`${command} was ended by ${ended}.`));
      else if (status === NOT_FOUND) reject(failure(`${command} is not installed.`));
      else resolve({ status, stdout: stdout(), stderr: stderr() });
    });
  });
}

/** Status with which setpriv says that the command does not exist. */
const NOT_FOUND = 127;

function failure(detail: string, cause?: unknown): CitywatchError {
  return new CitywatchError('service.failed', { detail, cause });
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < OUTPUT_CHARS_MAX) text = (text + chunk).slice(0, OUTPUT_CHARS_MAX);
  });
  return () => text;
}
