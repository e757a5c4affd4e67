import { signal } from '@preact/signals';
import { isEnding } from './ground/ending.ts';
import { type Once, once } from './ground/once.ts';
import { pause } from './ground/pause.ts';
import { backAgain, lineLost } from './line.ts';

const API = '/api/v1';
/** Longest wait for an answer that is no stream. */
const ANSWER_MS = 15_000;
const NEVER = new AbortController().signal;

/** A field that is wrong, such as `rules.0`, and what would be right. */
export interface Issue {
  path: string;
  message: string;
  remedy?: string;
}

interface Told {
  code: string;
  says: string;
  issues: readonly Issue[];
}

const NOTHING_TOLD: Told = { code: '', says: '', issues: [] };

/** What the gateway answered instead of what was asked for. `status` 0: it did not answer at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly retryAfterS: number | null;
  /** The stable name of the refusal; empty where it has none. */
  readonly code: string;
  /** What is wrong and what would be right, in the gateway's words, which are English; empty where it says nothing. */
  readonly says: string;
  /** The fields that are wrong, in the gateway's words. */
  readonly issues: readonly Issue[];

  constructor(status: number, retryAfterS: number | null = null, { code, says, issues }: Told = NOTHING_TOLD) {
    super(`status ${status}`);
    this.status = status;
    this.retryAfterS = retryAfterS;
    this.code = code;
    this.says = says;
    this.issues = issues;
  }
}

/** The gateway's clock minus ours, so that ages are right on a computer whose clock is not. */
export const clockOffsetMs = signal(0);

/** The Date header counts whole seconds: a smaller difference than this says nothing. */
const OFFSET_NOISE_MS = 1_500;

/** What hung while the gateway could not be reached is asked anew once it can. */
export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  for (;;) {
    const back = backAgain();
    try {
      const response = await request(path, { signal: withDeadline(signal ? AbortSignal.any([signal, back]) : back) });
      return (await response.json()) as Answer;
    } catch (error) {
      if (!back.aborted || signal?.aborted) throw error;
    }
  }
}

/**
 * Changes something; where `version` is given, only that version of it. What is made is made once, however often the
 * same is sent before there was an answer. `x-citywatch` is what a form on a foreign page could not send.
 */
export async function send<Answer>(
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  version?: number,
): Promise<Answer | null> {
  const headers: Record<string, string> = { 'x-citywatch': 'console' };
  if (version !== undefined) headers['if-match'] = `"${version}"`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const init = { method, headers, signal: withDeadline(), ...sent };
  const response =
    method === 'POST'
      ? await requestOnce(path, init, once(path, `${version ?? ''} ${sent.body ?? ''}`))
      : await request(path, init);
  const text = await response.text();
  return text === '' ? null : (JSON.parse(text) as Answer);
}

/** {@link request} by a key: where the same is being worked on already, its answer is waited for until the deadline. */
export async function requestOnce(path: string, init: RequestInit, asked: Once): Promise<Response> {
  for (let one = asked; ; ) {
    try {
      const headers = { ...(init.headers as Record<string, string>), 'idempotency-key': one.key };
      const response = await request(path, { ...init, headers });
      one.settle();
      return response;
    } catch (error) {
      const { code, retryAfterS } = error instanceof ApiError ? error : new ApiError(0);
      if (code === 'idempotency.mismatch' && one === asked) one = asked.renew();
      else if (code !== 'idempotency.running') throw error;
      else await pause((retryAfterS ?? 1) * 1_000, init.signal ?? NEVER).catch(noAnswer);
    }
  }
}

function noAnswer(): never {
  throw new ApiError(0);
}

/** The one thing that is sent while somebody who left is still signed in at the gateway. */
function isTheEnd(path: string, { method }: RequestInit): boolean {
  return method === 'DELETE' && path === '/session';
}

/**
 * A request whose answer is good; everything else is an ApiError, or the AbortError of `init.signal`. Nothing is sent
 * in the name of somebody who left.
 */
export async function request(path: string, init: RequestInit): Promise<Response> {
  if (isEnding.value && !isTheEnd(path, init)) throw new ApiError(0);
  const askedAtMs = Date.now();
  const response = await fetch(`${API}${path}`, { cache: 'no-store', redirect: 'error', ...init }).catch((error) => {
    if (error?.name === 'AbortError') throw error;
    lineLost();
    throw new ApiError(0);
  });
  learnClock(response, askedAtMs);
  if (!response.ok) {
    throw new ApiError(response.status, Number(response.headers.get('retry-after')) || null, await problemOf(response));
  }
  return response;
}

interface Problem {
  code?: unknown;
  detail?: unknown;
  issues?: { path?: unknown; message?: unknown; remedy?: unknown }[];
}

async function problemOf(response: Response): Promise<Told> {
  if (!response.headers.get('content-type')?.includes('json')) {
    await response.body?.cancel();
    return NOTHING_TOLD;
  }
  const { code, detail, issues } = ((await response.json().catch(() => null)) ?? {}) as Problem;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const wrong = (Array.isArray(issues) ? issues : []).map((one) => {
    return { path: text(one.path), message: text(one.message), remedy: text(one.remedy) };
  });
  const said = wrong.map(({ path, message, remedy }) => [path, message, remedy].join(' '));
  return { code: text(code), says: [text(detail), ...said].join(' ').trim(), issues: wrong };
}

function learnClock(response: Response, askedAtMs: number): void {
  const theirs = Date.parse(response.headers.get('date') ?? '');
  const ours = (askedAtMs + Date.now()) / 2;
  if (Number.isNaN(theirs)) return;
  const offset = theirs + 500 - ours;
  if (Math.abs(offset - clockOffsetMs.value) > OFFSET_NOISE_MS) {
    clockOffsetMs.value = Math.abs(offset) > OFFSET_NOISE_MS ? offset : 0;
  }
}

function withDeadline(signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(ANSWER_MS);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}
