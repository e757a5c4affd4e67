import { CitywatchError, type ErrorCode } from '../../core/errors.ts';

/** Answers of RTSP (RFC 2326 §11). */
const TEXTS = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  461: 'Unsupported Transport',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
} as const;

export type RtspStatus = keyof typeof TEXTS;

/** Errors that have an answer of their own; all others are 503 where it may help to try again, else 500. */
const STATUS_OF: Partial<Record<ErrorCode, RtspStatus>> = {
  'auth.required': 401,
  'auth.forbidden': 403,
  'look.incident-missing': 403,
  'not-found': 404,
  'stream.full': 453,
  'stream.stills-only': 453,
};

export interface Answer {
  status: RtspStatus;
  headers?: readonly string[];
  body?: string;
  /** What follows once it was sent. */
  after?: () => void;
}

/** An answer as it is sent; `sequence` is that of the request. */
export function answerText({ status, headers = [], body = '' }: Answer, sequence: string): string {
  const lines = [`RTSP/1.0 ${status} ${TEXTS[status]}`, `CSeq: ${sequence}`, 'Server: citywatch', ...headers];
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return [...lines, '', body].join('\r\n');
}

/** How an error is answered: with its code, and when to come again. Nothing else of it is told. */
export function errorAnswer(error: unknown): Answer & { headers: string[] } {
  const known = error instanceof CitywatchError ? error : new CitywatchError('internal');
  const status = STATUS_OF[known.code] ?? (known.retryable ? 503 : 500);
  const headers = [`X-Error-Code: ${known.code}`];
  if (known.retryAfterS !== undefined) headers.push(`Retry-After: ${known.retryAfterS}`);
  return { status, headers };
}
