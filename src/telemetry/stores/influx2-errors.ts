import { HttpError } from '@influxdata/influxdb-client';
import { CitywatchError } from '../../core/errors.ts';
import { printable } from '../writer/line-protocol.ts';
import { fromOutbound, type HttpAnswer } from './http-port.ts';
import { badLines, busy, diskFull, isDiskFull, isLineFault, type PostOutcome } from './post-lines.ts';

/**
 * What an answer of InfluxDB 2.x to a write means; throws what the writer acts on (see `Store`). A 400 refuses all
 * lines and a 422 some, but a 400 also stands for faults of the request, for which no line may be put aside; and
 * before 2.1 a 500 said what a 422 says since.
 */
export function outcomeOf2(answer: HttpAnswer): PostOutcome {
  const { status } = answer;
  if (status === 204) return { type: 'stored' };
  if (status === 413) return { type: 'too-large' };
  const words = messageIn(answer.body);
  const isKnown = words !== null && isLineFault(words);
  if (words !== null && (status === 422 || ((status === 400 || status === 500) && isKnown))) return badLines(words);
  if (status === 507 || (status === 500 && isDiskFull(words))) throw diskFull();
  if (status === 429 || status >= 500) throw busy(answer);
  throw refused('a write', answer);
}

/** What went wrong in a call of the library that is no write, in the codes of `Store`; our own bugs pass unchanged. */
export function translate2(error: unknown): unknown {
  if (error instanceof CitywatchError) return fromOutbound(error);
  if (!(error instanceof HttpError)) return error;
  return fromAnswer(answerOf(error));
}

/** The error for an answer, not 200, to anything but a write. */
export function fromAnswer(answer: HttpAnswer): CitywatchError {
  const { status } = answer;
  if (status === 429 || status >= 500) {
    return new CitywatchError('store.unavailable', { detail: `InfluxDB answered ${status}.` });
  }
  return refused('a query', answer);
}

/** Whether a 404 is about a bucket and not about the organization, or the path of somebody who is no InfluxDB. */
export function saysNoBucket({ body }: HttpAnswer): boolean {
  return /^bucket .*not found|^no buckets found/i.test(messageIn(body) ?? '');
}

/** The answer of which our transport made this error. */
export function answerOf(error: HttpError): HttpAnswer {
  return { status: error.statusCode, headers: error.headers ?? {}, body: Buffer.from(error.body ?? '') };
}

function refused(what: string, { status, body }: HttpAnswer): CitywatchError {
  const words = messageIn(body);
  const said = words === null ? '' : ` (${printable(words)})`;
  return new CitywatchError('store.refused', {
    detail: `InfluxDB refused ${what} with ${status}${said}. ${hint(status, words ?? '')}`,
  });
}

function hint(status: number, words: string): string {
  if (status === 401 || status === 403) return 'Check INFLUX_TOKEN: it must be able to read and write the bucket.';
  if (status !== 404) return 'Check that INFLUX_URL leads to InfluxDB 2.x.';
  if (/organization/i.test(words)) return 'Check INFLUX_ORG, and that INFLUX_TOKEN belongs to it.';
  if (/bucket/i.test(words)) return 'Check INFLUX_BUCKET.';
  return 'Check INFLUX_URL, INFLUX_ORG and INFLUX_BUCKET.';
}

/** The `message` of a JSON answer; null when the answer is not InfluxDB's. */
function messageIn(body: Buffer): string | null {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    const message = typeof answer === 'object' && answer !== null && 'message' in answer ? answer.message : null;
    return typeof message === 'string' ? message : null;
  } catch {
    return null;
  }
}
