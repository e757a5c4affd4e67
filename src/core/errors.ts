/**
 * Every error a user or a device can meet, in one table: code, HTTP status, whether trying again may help, and the
 * text. `docs/errors.md` lists the same rows; a test holds both equal.
 */
export const ERRORS = {
  'config.invalid': { status: 500, retryable: false, text: 'A setting, kind or rule file is wrong.' },
  'request.invalid': { status: 400, retryable: false, text: 'A field of the request is missing, unknown or wrong.' },
  'request.confirm': {
    status: 422,
    retryable: false,
    text: 'This looks like a mistake; send it again with "confirm": true if it is meant.',
  },
  'request.malformed': { status: 400, retryable: false, text: 'The request is not what its headers say it is.' },
  'request.cursor': { status: 400, retryable: false, text: 'The cursor is not one this server gave out.' },
  'request.method': { status: 405, retryable: false, text: 'This path does not take this method.' },
  'request.too-large': { status: 413, retryable: false, text: 'The request is larger than this route takes.' },
  'request.media-type': { status: 415, retryable: false, text: 'This route takes another content type.' },
  'request.too-slow': { status: 408, retryable: true, text: 'The request did not arrive in time.' },
  'request.rate': { status: 429, retryable: true, text: 'Too many requests; wait as Retry-After says.' },
  'auth.required': { status: 401, retryable: false, text: 'A valid token is required.' },
  'auth.second-factor': { status: 401, retryable: false, text: 'The code of the second factor is missing or wrong.' },
  'auth.duty': {
    status: 403,
    retryable: false,
    text: 'First change the one-time password, or set up the second factor.',
  },
  'auth.voucher': {
    status: 401,
    retryable: false,
    text: 'The code that an administrator gives to you in person is missing or wrong.',
  },
  'auth.other-person': {
    status: 403,
    retryable: false,
    text: 'Somebody else made this than is signed in. Sign in as that person to send it.',
  },
  'auth.forbidden': { status: 403, retryable: false, text: 'Your role does not allow this.' },
  'look.incident-missing': {
    status: 403,
    retryable: false,
    text: 'Pictures of this camera are shown for an incident only.',
  },
  'not-found': { status: 404, retryable: false, text: 'No such thing, or it is not yours to see.' },
  'request.upgrade': { status: 426, retryable: false, text: 'This is a WebSocket; ask for an upgrade.' },
  'conflict.exists': { status: 409, retryable: false, text: 'Something with this id exists already.' },
  'conflict.state': { status: 409, retryable: false, text: 'The thing is not in a state that allows this.' },
  'conflict.reference': {
    status: 409,
    retryable: false,
    text: 'Something else still refers to it, or what it names is missing.',
  },
  'cursor.expired': {
    status: 410,
    retryable: false,
    text: 'What the cursor continues is gone; read the present state and go on without it.',
  },
  'precondition.missing': { status: 428, retryable: false, text: 'Send If-Match with the ETag you read.' },
  'precondition.stale': {
    status: 412,
    retryable: false,
    text: 'Somebody changed it since you read it; read it again.',
  },
  'idempotency.mismatch': { status: 422, retryable: false, text: 'This Idempotency-Key was used for another request.' },
  'idempotency.running': {
    status: 409,
    retryable: true,
    text: 'The first request with this Idempotency-Key is still running.',
  },
  'ingest.full': { status: 503, retryable: true, text: 'The journal takes nothing more until there is room.' },
  'ingest.unavailable': { status: 503, retryable: true, text: 'The journal cannot be written.' },
  'lease.held': { status: 503, retryable: true, text: 'Another gateway works on this database.' },
  'lease.lost': {
    status: 503,
    retryable: false,
    text: 'Another gateway has taken over; this one writes nothing more.',
  },
  'journal.misfit': { status: 500, retryable: false, text: 'The journal and the database do not belong together.' },
  'secret.misfit': { status: 500, retryable: false, text: 'The secret here is not the one of the database.' },
  'labels.no-font': {
    status: 501,
    retryable: false,
    text: 'The gateway has no font with Chinese letters for this.',
  },
  'images.unavailable': { status: 503, retryable: true, text: 'Pictures cannot be kept or read now.' },
  'store.unavailable': { status: 503, retryable: true, text: 'A service this needs does not answer.' },
  'store.full': { status: 507, retryable: true, text: 'The disk has no room for this; nothing was changed.' },
  'store.refused': { status: 500, retryable: false, text: 'A service this needs refused the request.' },
  'outbound.refused': { status: 400, retryable: false, text: 'This address may not be contacted.' },
  'outbound.failed': { status: 502, retryable: true, text: 'The other side did not answer as it should.' },
  'stream.full': { status: 503, retryable: true, text: 'As many streams are open as this server takes.' },
  'stream.stills-only': {
    status: 503,
    retryable: true,
    text: 'There is too much to do for one more moving picture of a wall; ask for stills.',
  },
  'stream.lowered': {
    status: 503,
    retryable: true,
    text: 'This picture of a wall goes on smaller; open its first playlist again.',
  },
  'stream.unavailable': { status: 502, retryable: true, text: 'The camera gives no picture at the moment.' },
  'backup.broken': { status: 500, retryable: false, text: 'This is no whole backup.' },
  'backup.target': { status: 409, retryable: false, text: 'A backup or its restore may not be put there.' },
  'service.failed': { status: 500, retryable: false, text: 'A local service could not be started.' },
  internal: { status: 500, retryable: false, text: 'Something went wrong inside; the log has the request id.' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** One wrong place in a request, setting or file: where, what is wrong, and what would be right. */
export interface Issue {
  /** Path to the value, such as `location.lat` or `CITYWATCH_HTTP_PORT`. */
  path: string;
  message: string;
}

export interface ErrorDetails {
  /** What happened in this case, for the reader; never a secret, never a foreign server's text. */
  detail?: string;
  issues?: Issue[];
  retryAfterS?: number;
  /** Of a conflict: the thing as the caller saw it (null where it never was like that), and as it is. */
  conflict?: { seen: unknown; current: unknown };
  cause?: unknown;
}

/** The one error class that crosses folders. Anything else that reaches the edge is a bug and answers `internal`. */
export class CitywatchError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly issues: Issue[];
  readonly retryAfterS: number | undefined;
  readonly conflict: ErrorDetails['conflict'];

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const issues = details.issues ?? [];
    const where = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
    super([details.detail ?? ERRORS[code].text, where].filter(Boolean).join(' '), { cause: details.cause });
    this.name = 'CitywatchError';
    this.code = code;
    this.detail = details.detail;
    this.issues = issues;
    this.retryAfterS = details.retryAfterS;
    this.conflict = details.conflict;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** The message of anything thrown, for logs. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `request.invalid` for one field. */
export function invalid(path: string, message: string): CitywatchError {
  return new CitywatchError('request.invalid', { issues: [{ path, message }] });
}
