import { CitywatchError } from '../../core/errors.ts';
import { printable } from '../writer/line-protocol.ts';
import { type RejectedLine, StoreDiskFull, type StoreRejection } from './store.ts';

/** What one POST of lines came to. */
export type PostOutcome =
  | { type: 'stored' }
  /** Some lines are at fault; `dropped` says how many the store left out, where it says so. */
  | { type: 'bad-lines'; dropped: number | null; reason: StoreRejection; detail: string }
  | { type: 'too-large' };

/**
 * Stores all lines that can be stored. A refused POST is halved until the lines at fault stand alone; the good ones
 * among them are posted again, which changes nothing. Returns the lines at fault in order.
 */
export async function storeLines(
  lines: readonly string[],
  post: (lines: readonly string[]) => Promise<PostOutcome>,
): Promise<RejectedLine[]> {
  const rejected: RejectedLine[] = [];
  const ranges: [from: number, to: number][] = lines.length > 0 ? [[0, lines.length]] : [];
  for (let range = ranges.pop(); range; range = ranges.pop()) {
    const [from, to] = range;
    const count = to - from;
    const outcome = await post(count === lines.length ? lines : lines.slice(from, to));
    if (outcome.type === 'stored') continue;
    const alone = count === 1 || (outcome.type === 'bad-lines' && outcome.dropped === count);
    if (!alone) {
      const middle = from + (count >> 1);
      ranges.push([middle, to], [from, middle]);
      continue;
    }
    const { reason, detail } = outcome.type === 'too-large' ? TOO_LARGE : outcome;
    for (let line = from; line < to; line += 1) rejected.push({ line, reason, detail });
  }
  return rejected;
}

const TOO_LARGE = { reason: 'store.too-large', detail: 'one line is larger than the store takes' } as const;

/** The store's complaint about lines, by what it says; the first that fits. */
const LINE_FAULTS: [pattern: RegExp, reason: StoreRejection][] = [
  [/field type conflict/i, 'store.type-conflict'],
  [/(beyond|outside) retention policy/i, 'store.too-old'],
  [/max-(series-per-database|values-per-tag)/i, 'store.series-limit'],
  [/unable to parse/i, 'store.unparsable'],
];

/** Complaints about the request as a whole: no line is at fault, so no line may be put aside for them. */
const REQUEST_FAULT = /database is required|invalid precision|gzip|unexpected EOF|unable to (?:read|decode)/i;

/** Longest answer of a store to a write that is read. */
export const ANSWER_BYTES_MAX = 64 * 1024;

/** What an HTTP answer to a write means; throws what the writer acts on (see `Store`). */
export function outcomeOf(answer: { status: number; headers: AnswerHeaders; body: Buffer }): PostOutcome {
  const { status } = answer;
  if (status === 204) return { type: 'stored' };
  if (status === 413) return { type: 'too-large' };
  const words = errorText(answer.body);
  if (status === 500 && isDiskFull(words)) throw diskFull();
  // 1.x answers 500 when the retention policy is gone; trying again does not bring it back, `ensure` does.
  if (status === 429 || (status >= 500 && !/retention policy not found/.test(words ?? ''))) {
    throw busy(answer);
  }
  if ((status === 400 || status === 422) && words !== null && !REQUEST_FAULT.test(words)) {
    return badLines(words);
  }
  throw new CitywatchError('store.refused', { detail: `InfluxDB refused a write with ${status}.${hint(status)}` });
}

/** Whether the store complains about lines in words that we know. */
export function isLineFault(words: string): boolean {
  return LINE_FAULTS.some(([pattern]) => pattern.test(words));
}

/** The outcome of a write whose lines are at fault, in the words of the store. */
export function badLines(words: string): PostOutcome {
  const dropped = /dropped=(\d+)\s*$/.exec(words);
  const fault = LINE_FAULTS.find(([pattern]) => pattern.test(words));
  return {
    type: 'bad-lines',
    dropped: dropped ? Number(dropped[1]) : null,
    reason: fault?.[1] ?? 'store.rejected',
    detail: printable(words),
  };
}

export function isDiskFull(words: string | null): boolean {
  return /no space left on device/.test(words ?? '');
}

export function diskFull(): CitywatchError {
  return new CitywatchError('store.unavailable', {
    detail: 'The disk of InfluxDB is full; make room and restart it.',
    cause: new StoreDiskFull(),
  });
}

/** A write that may be tried again, no earlier than the store asked for. */
export function busy({ status, headers }: { status: number; headers: AnswerHeaders }): CitywatchError {
  return new CitywatchError('store.unavailable', {
    detail: `InfluxDB answered ${status} to a write.`,
    ...retryAfter(headers['retry-after']),
  });
}

export type AnswerHeaders = Record<string, string | string[] | undefined>;

function hint(status: number): string {
  if (status === 401 || status === 403) return ' Check INFLUX_USERNAME, INFLUX_PASSWORD and the rights of that user.';
  if (status === 404) return ' Check INFLUX_URL and INFLUX_DATABASE.';
  return ' Check that INFLUX_URL leads to InfluxDB.';
}

/** The `error` of a JSON answer; null when the answer is not InfluxDB's. */
function errorText(body: Buffer): string | null {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    const error = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : null;
    return typeof error === 'string' ? error : null;
  } catch {
    return null;
  }
}

const RETRY_AFTER_S_MAX = 300;

function retryAfter(header: string | string[] | undefined): { retryAfterS?: number } {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  return seconds > 0 ? { retryAfterS: Math.min(RETRY_AFTER_S_MAX, seconds) } : {};
}
