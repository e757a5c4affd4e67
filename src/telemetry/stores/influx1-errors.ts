import { ResultError } from 'influx';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { printable } from '../writer/line-protocol.ts';
import { fromOutbound } from './http-port.ts';

/** What went wrong while talking to InfluxDB 1.x, in the two codes the writer acts on; our own bugs pass unchanged. */
export function translate(error: unknown): unknown {
  if (error instanceof CitywatchError) return fromOutbound(error);
  if (error instanceof ResultError) return fromAnswer(error.message, error);
  const status = statusOf(error);
  if (status !== null && status < 500 && status !== 429) return fromAnswer(messageOf(error), error);
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return error;
  return new CitywatchError('store.unavailable', { detail: 'InfluxDB does not answer.', cause: error });
}

/** InfluxDB's own limits come as answers too, and pass by themselves. */
const PASSING = /timeout|timed out|max-concurrent-queries|query interrupted|engine is closed/i;

function fromAnswer(words: string, cause: Error | unknown): CitywatchError {
  if (PASSING.test(words)) {
    return new CitywatchError('store.unavailable', { detail: 'InfluxDB is too busy to answer.', cause });
  }
  return new CitywatchError('store.refused', { detail: `InfluxDB refused a query: ${printable(words)}`, cause });
}

/** The library does not export its class of refused requests; it carries the answer as `res`. */
function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('res' in error)) return null;
  const answer = error.res;
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) return null;
  return typeof answer.statusCode === 'number' ? answer.statusCode : null;
}
