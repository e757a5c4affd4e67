import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BARE_ENVIRONMENT } from '../../ffmpeg/cage.ts';
import { type DiskReport, report } from './disk-protocol.ts';

export type WriterChild = ChildProcess;

const WRITER = fileURLToPath(new URL('./writer-process.ts', import.meta.url));
const READER = fileURLToPath(new URL('../reader/reader-process.ts', import.meta.url));

/**
 * Starts the process that writes recordings below `directory`, if that has this identity. It dies with us, also by
 * kill -9.
 */
export function spawnWriter(directory: string, identity: string): WriterChild {
  return spawnOurs(WRITER, [directory, identity]);
}

/** As {@link spawnWriter}, the process that reads them. */
export function spawnReader(directory: string): WriterChild {
  return spawnOurs(READER, [directory]);
}

function spawnOurs(entry: string, args: string[]): WriterChild {
  const node = [process.execPath, '--max-old-space-size=128', entry, ...args];
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--no-new-privs', '--', ...node], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: BARE_ENVIRONMENT,
    // Its own session: Ctrl-C in a terminal is for the gateway, which then ends what it started in order.
    detached: true,
  });
}

/** Calls `take` with what the process says. What is no report is passed over. */
export function onReport(child: WriterChild, take: (said: DiskReport) => void): void {
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const said = parsed(line);
    if (said) take(said);
  });
}

function parsed(line: string): DiskReport | null {
  try {
    const said = report.safeParse(JSON.parse(line));
    return said.success ? said.data : null;
  } catch {
    return null;
  }
}
