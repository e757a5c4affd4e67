/** One call of a program to the kernel, as strace shows it with `-f -y -xx`. */
export interface Syscall {
  name: string;
  /** What the first argument stands for: the path of a file, `socket:[123]`; for `openat` what it gave. */
  target: string;
  /** Bytes that were written, or read, one after the other; none where the call has none. */
  data: Buffer;
  /** Whether strace left out some of the bytes. */
  isCut: boolean;
  /** Flags and other words of the call, as text. */
  words: string;
  /** What it gave; null before it is over. */
  result: number | null;
}

/** A call that began, or was over. Calls that nothing came between begin and are over at once. */
export interface Moment {
  is: 'begun' | 'over';
  call: Syscall;
}

const LINE = /^(?:\[pid +(\d+)\] )?(.*)$/s;
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/s;
const UNFINISHED = ' <unfinished ...>';
const CALL = /^(\w+)\((.*)\)\s+= (-?\d+)(?:<([^>]*)>)?/s;
const BEGUN = /^(\w+)\((.*)$/s;
const TARGET = /^\d+<([^>]*)>/;
const TEXT = /"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g;

/** Reads what strace says, line by line: calls of several threads come apart, each of them in two halves. */
export class StraceLines {
  readonly #open = new Map<string, string>();

  /** What a line tells, in order; nothing where it is of no call. */
  take(line: string): Moment[] {
    const [, pid = '', text = ''] = LINE.exec(line) ?? [];
    if (text.endsWith(UNFINISHED)) {
      const begun = text.slice(0, -UNFINISHED.length);
      this.#open.set(pid, begun);
      const call = callOf(BEGUN.exec(begun), null);
      return call ? [{ is: 'begun', call }] : [];
    }
    const [, , rest] = RESUMED.exec(text) ?? [];
    const before = rest === undefined ? '' : this.#open.get(pid);
    if (before === undefined) return [];
    if (rest !== undefined) this.#open.delete(pid);
    const parts = CALL.exec(before + (rest ?? text));
    const call = callOf(parts, parts ? Number(parts[3]) : null);
    if (!call) return [];
    return rest === undefined
      ? [
          { is: 'begun', call: { ...call, result: null } },
          { is: 'over', call },
        ]
      : [{ is: 'over', call }];
  }
}

function callOf(parts: RegExpExecArray | null, result: number | null): Syscall | null {
  if (!parts) return null;
  const [, name = '', args = '', , given] = parts;
  const target = name === 'openat' ? (given ?? '') : (TARGET.exec(args)?.[1] ?? '');
  const data: Buffer[] = [];
  let isCut = false;
  // Paths and addresses are texts, too: only calls that carry bytes have any.
  if (/^(p?read|p?write|recv|send)/.test(name)) {
    for (const [, hex = '', cut] of args.matchAll(TEXT)) {
      data.push(bytesOf(hex));
      isCut ||= cut !== undefined;
    }
  }
  const words = args.replace(TEXT, '');
  return { name, target: bytesOf(target).toString('utf8'), data: Buffer.concat(data), isCut, words, result };
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}
