import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { AckOrder } from './ack-order.ts';
import { StraceLines } from './strace-lines.ts';

/**
 * Watches one process by strace, and says at the end what the order of its calls shows: `main.ts PID RUN`. A process
 * of its own: reading all that a gateway reads and writes costs more than being a city. It ends with its input.
 */

const CALLS = [
  'read,readv,recvfrom,recvmsg,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg',
  'fsync,fdatasync,sync,syncfs,openat,io_uring_enter',
].join(',');
/** As much of one call as is shown: groups of a journal are long. */
const BYTES_MAX = 1 << 20;
/** O_DSYNC and O_SYNC of Linux, as `fdinfo` shows them. */
const O_DSYNC = 0o10000;
const ATTACHED = /^strace: Process \d+ attached/;

/** Files that a process has open so that each write is synced. */
function syncedFiles(pid: number): string[] {
  const files: string[] = [];
  for (const fd of descriptorsOf(pid)) {
    try {
      const [, flags = '0'] = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')) ?? [];
      if (Number.parseInt(flags, 8) & O_DSYNC) files.push(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      // It was closed meanwhile.
    }
  }
  return files;
}

/** None where it is gone, as strace will say. */
function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

function main(pid: number, run: string): void {
  const order = new AckOrder(run, syncedFiles(pid));
  const lines = new StraceLines();
  const words = ['-f', '-y', '-xx', '-s', `${BYTES_MAX}`, '-e', `trace=${CALLS}`, '-e', 'signal=none', '-p', `${pid}`];
  const strace = spawn('strace', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let isAttached = false;
  strace.once('error', ({ message }) => end({ why: `strace cannot be started: ${message}` }));
  createInterface({ input: strace.stderr }).on('line', (line) => {
    if (!isAttached && ATTACHED.test(line)) {
      isAttached = true;
      process.stdout.write('watching\n');
    }
    if (!isAttached) said = line;
    for (const moment of lines.take(line)) order.take(moment);
  });
  strace.once('close', () => end(isAttached ? order.findings : { why: `strace cannot watch ${pid}: ${said}` }));
  process.stdin.resume();
  // It lets go of what it watches, which goes on.
  process.stdin.once('end', () => strace.kill('SIGINT'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
}

function end(found: object): void {
  process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
}

main(Number(process.argv[2]), process.argv[3] ?? '');
