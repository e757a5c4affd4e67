import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Owner } from './services/services.ts';

/** Whether a process runs; one that only waits to be reaped (state Z) counts as gone. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

/**
 * Lets this process exit once nothing waits in it. Node 26 by itself closes all handles then, and was seen to turn in
 * `Environment::CleanupHandles` for ever, on a loaded machine; to exit leaves that out.
 */
export function exitsWhenNothingWaits(): void {
  process.once('beforeExit', () => process.exit());
}

export interface Started {
  process: ChildProcess;
  /** The first line it printed. */
  line: string;
  stderr: () => string;
}

/** Starts a TypeScript file and resolves with its first line of output; rejects with what it said if it ends before. */
export function startScript(t: Owner, file: string, args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [...process.execArgv, file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const end = stdout.indexOf('\n');
      if (end >= 0) resolve({ process: child, line: stdout.slice(0, end), stderr: () => stderr });
    });
    child.once('error', reject);
    child.once('close', (status) => reject(new Error(`ended with status ${status}: ${stderr}`)));
  });
}

/** Addresses (`127.0.0.1:8086`) on which a process accepts TCP connections, IPv4 and IPv6. */
export function listeningOn(pid: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    }),
  );
  const rows = ['tcp', 'tcp6'].flatMap((file) =>
    readFileSync(`/proc/${pid}/net/${file}`, 'utf8').trim().split('\n').slice(1),
  );
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((columns) => columns[3] === LISTEN && own.has(`socket:[${columns[9]}]`))
    .map((columns) => readAddress(columns[1] ?? ''));
}

/** State of a listening socket in /proc/net/tcp. */
const LISTEN = '0A';

/** `0100007F:1F96` → `127.0.0.1:8086`; an IPv6 address stays hexadecimal. */
function readAddress(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const bytes = (address.match(/../g) ?? []).reverse().map((hex) => Number.parseInt(hex, 16));
  return `${bytes.length === 4 ? bytes.join('.') : address}:${Number.parseInt(port, 16)}`;
}
