import { constants, type ServerHttp2Stream } from 'node:http2';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import type { TlsFiles } from '../deps.ts';
import { arrivesSlowly } from '../guards/slow-files.ts';
import { TIMEOUTS } from './limits.ts';

/** Requests of one connection at the same time; who needs more opens another, and has to show who they are again. */
const STREAMS_MAX = 100;

/**
 * Options of a server for HTTP/2, and for HTTP/1.1 where a client knows no other: every WebSocket is opened by that.
 * `node`: what a server of HTTP/1.1 is told besides.
 */
export function overTls(tls: TlsFiles, node: object): object {
  return {
    http2: true,
    http2SessionTimeout: TIMEOUTS.idleMs,
    https: {
      ...node,
      ...tls,
      minVersion: 'TLSv1.2',
      handshakeTimeout: TIMEOUTS.headersMs,
      allowHTTP1: true,
      requestTimeout: TIMEOUTS.requestMs,
      keepAliveTimeout: TIMEOUTS.keepAliveMs,
      settings: { maxConcurrentStreams: STREAMS_MAX },
    },
  };
}

/** Gives up on a request over HTTP/2 that is not here after the time that one over HTTP/1.1 has. */
export function cutSlowStreams({ server }: FastifyInstance, clock: Clock): void {
  server.on('stream', (stream: ServerHttp2Stream) => {
    const stop = clock.after(TIMEOUTS.requestMs, () => {
      if (!stream.readableEnded && !stream.endAfterHeaders && !arrivesSlowly(stream))
        stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.once('end', stop).once('close', stop);
  });
}

/** The name under which a request came: HTTP/2 has a field of its own for it. */
export function hostOf(headers: { host?: string | undefined; ':authority'?: unknown }): string | undefined {
  const authority = headers[':authority'];
  return headers.host ?? (typeof authority === 'string' ? authority : undefined);
}
