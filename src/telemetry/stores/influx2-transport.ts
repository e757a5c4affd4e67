import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  type CommunicationObserver,
  createTextDecoderCombiner,
  HttpError,
  type SendOptions,
  type Transport,
} from '@influxdata/influxdb-client';
import { failureReason } from '../../platform/outbound/outbound.ts';
import type { HttpAnswer, HttpPort } from './http-port.ts';

export interface TransportOptions {
  http: HttpPort;
  url: string;
  token: string;
  deadlineMs: number;
  maxBytes: number;
  signal?: AbortSignal | undefined;
}

const GZIP_LEVEL = 1;
const compress = promisify(gzip);

/**
 * Carries the requests of `@influxdata/influxdb-client`, which would open its own sockets, through our way out: with
 * its total deadline, its limit on answers and no redirects. One is made per call, because the library has no place for
 * a signal. An answer to `send` that is not 200 or 204 is an `HttpError`; so is 201, by which a newer InfluxDB says
 * that it stored only some lines and which the library would count as success.
 */
export class OutboundTransport implements Transport {
  readonly chunkCombiner = createTextDecoderCombiner();
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  send(path: string, body: string, options: SendOptions, callbacks?: Partial<CommunicationObserver<Uint8Array>>): void {
    this.#ask(path, body, options).then(
      ({ status, headers, body }) => {
        if (status !== 200 && status !== 204) {
          callbacks?.error?.(toError({ status, headers, body }));
          return;
        }
        callbacks?.responseStarted?.(headers, status);
        callbacks?.next?.(body);
        callbacks?.complete?.();
      },
      (error: Error) => callbacks?.error?.(error),
    );
  }

  /** The answer as it came, whatever its status. */
  request(path: string, body: string, options: SendOptions): Promise<HttpAnswer> {
    return this.#ask(path, body, options);
  }

  /** Answers are bounded and read whole, so there is nothing to iterate over. */
  iterate(): AsyncIterableIterator<Uint8Array> {
    throw new TypeError('answers are not streamed');
  }

  async #ask(path: string, text: string, options: SendOptions): Promise<HttpAnswer> {
    const { http, url, token, deadlineMs, maxBytes, signal } = this.#options;
    signal?.throwIfAborted();
    const headers: Record<string, string> = { ...options.headers, authorization: `Token ${token}` };
    let body = Buffer.from(text);
    if (options.gzipThreshold !== undefined && body.length > options.gzipThreshold) {
      body = await compress(body, { level: GZIP_LEVEL });
      headers['content-encoding'] = 'gzip';
    }
    const isGet = options.method === 'GET';
    const request = {
      url: `${url.replace(/\/$/, '')}${path}`,
      method: isGet ? 'GET' : options.method === 'PATCH' ? 'PATCH' : 'POST',
      headers,
      ...(isGet ? {} : { body }),
      deadlineMs,
      maxBytes,
      networks: 'services',
      ...(signal ? { signal } : {}),
    } as const;
    // One more try covers a kept connection that the server closed while it restarted; all requests may be repeated.
    return http.http(request).catch((error: unknown) => {
      if (failureReason(error) !== 'reset') throw error;
      return http.http(request);
    });
  }
}

function toError({ status, headers, body }: HttpAnswer): HttpError {
  const [retryAfter] = [headers['retry-after']].flat();
  const [contentType] = [headers['content-type']].flat();
  return new HttpError(status, undefined, body.toString('utf8'), retryAfter, contentType, undefined, headers);
}
