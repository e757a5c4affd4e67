import { DeadlineExceeded } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';

/** Why a request got no answer; the word for a technician's hint. */
export type FailureReason =
  | 'dns'
  | 'unreachable'
  | 'timeout'
  | 'tls'
  | 'reset'
  | 'malformed'
  | 'too-big'
  | 'busy'
  | 'aborted';

/** The cause of `outbound.failed`: a word and the system's code, never bytes of the other side. */
export class OutboundFailure extends Error {
  readonly reason: FailureReason;
  readonly systemCode: string | null;

  constructor(reason: FailureReason, systemCode: string | null = null) {
    super(systemCode ? `${reason} (${systemCode})` : reason);
    this.name = 'OutboundFailure';
    this.reason = reason;
    this.systemCode = systemCode;
  }
}

/** The reason of an `outbound.failed`, or null for any other error. */
export function failureReason(error: unknown): FailureReason | null {
  return error instanceof CitywatchError && error.cause instanceof OutboundFailure ? error.cause.reason : null;
}

const REASONS: Record<string, FailureReason> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ECONNREFUSED: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EACCES: 'unreachable',
  ENOENT: 'unreachable',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_CLOSED: 'aborted',
  UND_ERR_DESTROYED: 'aborted',
};

const TLS_CODE = /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO)/;

/** What an error of a request means; `signal` is the one that ended it, if it did. */
export function classify(error: unknown, signal: AbortSignal): OutboundFailure {
  if (error instanceof OutboundFailure) return error;
  if (signal.aborted) return new OutboundFailure(signal.reason instanceof DeadlineExceeded ? 'timeout' : 'aborted');
  const code = codeOf(error);
  if (code === null) return new OutboundFailure('reset');
  if (TLS_CODE.test(code)) return new OutboundFailure('tls', code);
  return new OutboundFailure(REASONS[code] ?? (/^(HPE_|UND_ERR)/.test(code) ? 'malformed' : 'unreachable'), code);
}

/** The first code found in an error, its causes, or (several addresses tried) its parts. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  // undici leaves the code of some parse errors undefined.
  if (error.name === 'HTTPParserError') return 'HPE_INVALID';
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && code !== 'UND_ERR_SOCKET') return code;
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  for (const part of inner) {
    const found = codeOf(part);
    if (found) return found;
  }
  return code ?? null;
}
