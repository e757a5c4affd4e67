/**
 * What the gateway and its spawner say to each other, as JSON over Node's own channel between parent and child. Both
 * ends are ours, but each still checks what it reads: a spawner that goes wrong must not take the gateway with it.
 */

/** How one ffmpeg process ended. `not-started`: it never ran; `lost`: the spawner died, and the process with it. */
export interface ProcessEnd {
  how: 'exited' | 'not-started' | 'lost';
  code: number | null;
  signal: string | null;
  /** Last lines of standard error, shortened. Free of camera addresses, because ffmpeg is never told one. */
  lines: string[];
}

/** What one ffmpeg is run with. It opens no file and no address but that of the relay. */
export interface FfmpegTask {
  /** Each {@link RELAY} in them becomes host and port of the relay, as the network of ffmpeg knows it. */
  args: string[];
  /** Path of a unix socket that becomes its standard input. */
  input?: string;
  /** Path of a unix socket that becomes its standard output. */
  output?: string;
  /** Paths of two more, which it reads and writes as `pipe:3` and `pipe:4`. */
  second?: { input: string; output: string };
  /** Whether it gives way to everything else that wants the processor: it is for later, or for one person. */
  gives?: boolean;
}

/** Stands for the relay's host and port in the arguments of ffmpeg; no such name exists (RFC 6761). */
export const RELAY = 'relay.invalid';

export type ToSpawner = { type: 'start'; id: number; task: FfmpegTask; urgent: boolean } | { type: 'stop'; id: number };

export type FromSpawner =
  /** Brings the listening socket of the relay along. */
  { type: 'ready' } | { type: 'started'; id: number; pid: number } | { type: 'ended'; id: number; end: ProcessEnd };

/** What the spawner process is told when it starts, as JSON in its one argument. */
export interface SpawnerSettings {
  /** A name, or an absolute path. */
  ffmpegPath: string;
  /** Words before each ffmpeg (`Cage.launcher`). */
  launcher: readonly string[];
  startsPerS: number;
  processesMax: number;
}

const ARGS_MAX = 300;
const LINES_MAX = 20;

export function parseToSpawner(message: unknown): ToSpawner | null {
  if (!isObject(message) || typeof message.id !== 'number') return null;
  const { type, id, task, urgent } = message;
  if (type === 'stop') return { type, id };
  if (type !== 'start' || !isObject(task) || !isTexts(task.args, ARGS_MAX)) return null;
  const { args, input, output, second, gives } = task;
  const parsed: FfmpegTask = { args };
  if (typeof input === 'string') parsed.input = input;
  if (typeof output === 'string') parsed.output = output;
  if (gives === true) parsed.gives = true;
  if (isObject(second) && typeof second.input === 'string' && typeof second.output === 'string') {
    parsed.second = { input: second.input, output: second.output };
  }
  return { type, id, task: parsed, urgent: urgent === true };
}

export function parseFromSpawner(message: unknown): FromSpawner | null {
  if (!isObject(message)) return null;
  const { type, id, pid, end } = message;
  if (type === 'ready') return { type };
  if (typeof id !== 'number') return null;
  if (type === 'started' && typeof pid === 'number') return { type, id, pid };
  if (type !== 'ended' || !isObject(end)) return null;
  const { how, code, signal, lines } = end;
  if (how !== 'exited' && how !== 'not-started') return null;
  return {
    type,
    id,
    end: {
      how,
      code: typeof code === 'number' ? code : null,
      signal: typeof signal === 'string' ? signal : null,
      lines: isTexts(lines, LINES_MAX) ? lines : [],
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isTexts(value: unknown, max: number): value is string[] {
  return Array.isArray(value) && value.length <= max && value.every((one) => typeof one === 'string');
}
