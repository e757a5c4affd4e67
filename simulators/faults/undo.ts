import { closeSync, constants, lstatSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { isFiller } from './disk.ts';
import { isStopped, type ProcessId, signal } from './signals.ts';

const stopped = z.strictObject({ pid: z.int().positive(), startedTicks: z.number() });
const filled = z.strictObject({ filler: z.string() });
type Noted = ProcessId | z.infer<typeof filled>;

/** What a run has stopped, in a file beside its prefix: a run that is killed cannot let it go on. */
export class UndoFile {
  readonly #path: string;

  /** @param directory where it stands; that of temporary files, where a later process finds it by the prefix alone */
  constructor(prefix: string, directory: string = tmpdir()) {
    this.#path = join(directory, `citywatch-simulate-${prefix.replace(/[^A-Za-z0-9._-]/g, '')}.stopped`);
  }

  /** Before the process is stopped: one line too many does no harm. */
  add({ pid, startedTicks }: ProcessId): void {
    this.#note({ pid, startedTicks });
  }

  /** Before a disk is filled: the file that fills it. */
  addFile(filler: string): void {
    this.#note({ filler });
  }

  #note(one: Noted): void {
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
    // Anybody may put a link there beforehand.
    const file = openSync(this.#path, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o600);
    writeSync(file, `${JSON.stringify(one)}\n`);
    closeSync(file);
  }

  /** Lets all go on that is stopped still, and disks have room again; gives how many those were. */
  undo(): number {
    const noted = this.#read();
    if (noted === null) return 0;
    const left = noted.filter((one) => ('filler' in one ? isFiller(one.filler) : isStopped(one)));
    for (const one of left) {
      if ('filler' in one) rmSync(one.filler, { force: true });
      else signal(one, 'SIGCONT');
    }
    rmSync(this.#path, { force: true });
    return left.length;
  }

  /** Null where there is none, or what is there is not ours. */
  #read(): Noted[] | null {
    let text: string;
    try {
      const found = lstatSync(this.#path);
      if (!found.isFile() || found.uid !== process.getuid?.()) return null;
      text = readFileSync(this.#path, 'utf8');
    } catch {
      return null;
    }
    return text.split('\n').flatMap((line) => {
      try {
        return [z.union([stopped, filled]).parse(JSON.parse(line))];
      } catch {
        // The last line of a run that was killed may be torn.
        return [];
      }
    });
  }
}
