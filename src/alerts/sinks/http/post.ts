import { messageOf } from '../../../core/errors.ts';
import type { HttpAnswer, Outbound, Reach } from '../../../platform/outbound/outbound.ts';
import { SEND_DEADLINE_MS, type SendResult } from '../sink.ts';

/** What is read of an answer; one that is longer is cut, and counts by its status. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** The receiver says it is gone for good (Standard Webhooks: disable the endpoint). */
const GONE = 410;

export interface Post {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  networks: Reach;
  /** The setting that a refusal names. */
  setting: string;
  /** {@link SEND_DEADLINE_MS} when absent. */
  deadlineMs?: number;
}

/** What came of a POST, and what was answered. */
export interface Posted {
  result: SendResult;
  /** Empty where nothing came, or more than is read. */
  body: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Posts once, follows no redirect, and goes by the status line, whatever becomes of the body. Rejects never. */
export async function post(
  outbound: Pick<Outbound, 'http'>,
  { url, headers, body, networks, setting, deadlineMs = SEND_DEADLINE_MS }: Post,
  nowMs: () => number,
): Promise<Posted> {
  try {
    const answer = await outbound.http({
      url,
      method: 'POST',
      headers: { 'user-agent': 'citywatch', ...headers },
      body,
      deadlineMs,
      maxBytes: ANSWER_BYTES_MAX,
      statusOnly: true,
      networks,
      setting,
    });
    return { result: resultOf(answer, nowMs()), body: answer.body };
  } catch (error) {
    return { result: failed(messageOf(error)), body: NOTHING };
  }
}

/** A try that may go better another time. */
export function failed(reason: string): SendResult {
  return { outcome: 'failed', status: null, reason, retryable: true, retryAfterMs: null };
}

/** The JSON object that an answer is; null where it is none. */
export function objectIn(body: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as never) : null;
  } catch {
    return null;
  }
}

function resultOf({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>, nowMs: number): SendResult {
  if (status >= 200 && status < 300) return { outcome: 'taken', status };
  if (status === GONE) return { outcome: 'gone', status, reason: 'The receiver answered 410 Gone.' };
  const redirect = ', a redirect, which is not followed: make a subscription with the address it leads to.';
  const reason = `The receiver answered with status ${status}${status >= 300 && status < 400 ? redirect : '.'}`;
  return { outcome: 'failed', status, reason, retryable: true, retryAfterMs: pauseAskedFor(headers, nowMs) };
}

/** `Retry-After` is a number of seconds or a date (RFC 9110 §10.2.3). */
function pauseAskedFor(headers: HttpAnswer['headers'], nowMs: number): number | null {
  const text = String(headers['retry-after'] ?? '');
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Node takes `-5` for a day in May.
  const untilMs = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(untilMs) ? null : Math.max(0, untilMs - nowMs);
}
