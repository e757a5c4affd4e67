import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CitywatchError, ERRORS, type ErrorCode, type Issue } from '../../core/errors.ts';
import { arrivesSlowly } from '../guards/slow-files.ts';

/** The media type of RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json';

/** An issue with the way out of it, as the API prints it. */
export interface RequestIssue extends Issue {
  remedy?: string;
}

/** A problem document (RFC 9457) with the members citywatch adds: a stable `code`, wrong places, the request id. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  code: ErrorCode;
  issues?: RequestIssue[];
  conflict?: { seen: unknown; current: unknown };
  requestId?: string;
}

/** Fastify's own errors that are the client's doing. Everything that is not listed here is a bug and `internal`. */
const FRAMEWORK_CODES: Record<string, ErrorCode> = {
  FST_ERR_BAD_URL: 'not-found',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.malformed',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request.malformed',
  FST_ERR_CTP_INVALID_JSON_BODY: 'request.malformed',
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'request.media-type',
  FST_ERR_ROUTE_MISSING_CONTENT: 'request.malformed',
  FST_ERR_HANDLER_TIMEOUT: 'store.unavailable',
};

/** What is wrong with the body of a request, where the framework knows. */
const FRAMEWORK_DETAILS: Record<string, string> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'There is no body: send {}, or leave out the content-type.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is no JSON.',
};

/** A client that hangs up in the middle of its body; nobody is left to read the answer. */
function hungUp(error: unknown): boolean {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  return code === 'ECONNRESET' && statusCode === 400;
}

/** What node's HTTP parser reports, by the errors it names; the rest is a malformed request. */
const PARSER_CODES: Record<string, ErrorCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request.too-slow',
  HPE_HEADER_OVERFLOW: 'request.too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'request.too-large',
};

/** Pause suggested with a 429 or 503 whose thrower named none. */
const RETRY_AFTER_S = 2;

/** Turns anything thrown into the one error class; an unknown error becomes `internal` and keeps no text of its own. */
export function toCitywatchError(error: unknown): CitywatchError {
  if (error instanceof CitywatchError) return error;
  const { code = '' } = (error ?? {}) as Partial<FastifyError>;
  const named = hungUp(error) ? 'request.malformed' : FRAMEWORK_CODES[code];
  const detail = FRAMEWORK_DETAILS[code];
  return new CitywatchError(named ?? 'internal', { cause: error, ...(detail !== undefined && { detail }) });
}

export function toProblem(error: CitywatchError, requestId?: string): Problem {
  const { status, text } = ERRORS[error.code];
  return {
    type: `urn:citywatch:error:${error.code}`,
    title: text,
    status,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    code: error.code,
    ...(error.issues.length === 0 ? {} : { issues: error.issues }),
    ...(error.conflict === undefined ? {} : { conflict: error.conflict }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** Answers `error` as a problem document, whatever schema the route declares for its good answers. */
export function sendProblem(reply: FastifyReply, request: FastifyRequest, error: CitywatchError): FastifyReply {
  reply.code(error.status).type(PROBLEM_TYPE).serializer(JSON.stringify);
  reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="citywatch"');
  const pauseS = error.retryAfterS ?? (error.status === 429 || error.status === 503 ? RETRY_AFTER_S : undefined);
  if (pauseS !== undefined) reply.header('retry-after', pauseS);
  if ((error.status === 408 || error.status === 413) && request.raw.httpVersionMajor < 2)
    reply.header('connection', 'close');
  return reply.send(toProblem(error, request.id));
}

/** A request line whose method node's parser does not know; all else of it is as it should be. */
const OTHER_METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} (\/[\x21-\x7e]{0,2000}) HTTP\/1\.[01]\r\n/;

type BrokenRequest = NodeJS.ErrnoException & {
  /** The bytes in which the parser stopped, as a Buffer. */
  rawPacket?: unknown;
};

/** Where a request with an unknown method went; empty for any other fault. */
function urlOf({ code, rawPacket }: BrokenRequest): string {
  if (code !== 'HPE_INVALID_METHOD' || !Buffer.isBuffer(rawPacket)) return '';
  return OTHER_METHOD.exec(rawPacket.toString('latin1', 0, 4096))?.[1] ?? '';
}

/**
 * Answers a connection whose bytes are no HTTP request, or came too slowly, and closes it. `methodsOf` tells what a
 * path takes, for a method that is unknown altogether.
 */
export function answerBrokenRequest(
  error: BrokenRequest,
  socket: Socket,
  methodsOf: (url: string) => readonly string[],
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && arrivesSlowly(socket)) return;
  const allowed = methodsOf(urlOf(error));
  const code = allowed.length > 0 ? 'request.method' : PARSER_CODES[error.code ?? ''];
  const problem = toProblem(new CitywatchError(code ?? 'request.malformed'));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...(allowed.length > 0 ? [`Allow: ${allowed.join(', ')}`] : []),
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
