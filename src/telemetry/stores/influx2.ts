import { HttpError, InfluxDB } from '@influxdata/influxdb-client';
import { CitywatchError } from '../../core/errors.ts';
import type { PointsQuery, RejectedLine, Store, StoreCapabilities, StoredPoint } from '../store.ts';
import type { HttpAnswer, HttpPort } from './http-port.ts';
import { answerOf, fromAnswer, outcomeOf2, translate2 } from './influx2-errors.ts';
import { pointsFlux, toFieldRow, toPoints } from './influx2-query.ts';
import { OutboundTransport, type TransportOptions } from './influx2-transport.ts';
import { ANSWER_BYTES_MAX, type PostOutcome, storeLines } from './post-lines.ts';

export interface Influx2Options {
  /** `http://host:8086`, or https, or with a path in front of a proxy. */
  url: string;
  /** Must be able to read and write the bucket. */
  token: string;
  /** Name or id. */
  org: string;
  /** Name of a bucket that exists; how long it keeps points is its own setting. */
  bucket: string;
  gzip: boolean;
  writeTimeoutMs?: number;
  queryTimeoutMs?: number;
}

export interface Influx2Deps {
  http: HttpPort;
}

type Limits = Pick<TransportOptions, 'maxBytes' | 'signal'> & { deadlineMs?: number };

/** Longest answer to a query: 10,001 points of some tens of fields. */
const QUERY_BYTES_MAX = 64 * 1024 * 1024;

/**
 * InfluxDB 2.x through its own library, used as a carrier only: its buffers, timers and retries live in memory and are
 * switched off, since the journal holds every line until the server has it. Its sockets are ours
 * ({@link OutboundTransport}). Organization and bucket are made by whoever runs the server.
 */
export class Influx2Store implements Store {
  readonly #options: Influx2Options;
  readonly #deps: Influx2Deps;

  constructor(options: Influx2Options, deps: Influx2Deps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Looks whether organization and bucket are there and the token may see them; changes nothing. */
  async ensure(signal?: AbortSignal): Promise<void> {
    const { org, bucket } = this.#options;
    const answer = await this.#get(`/api/v2/buckets?${new URLSearchParams({ org, name: bucket })}`, signal);
    if (answer.status !== 200) throw fromAnswer(answer);
    if (!namesIn(answer.body).includes(bucket)) {
      throw new CitywatchError('store.refused', {
        detail: `Our token sees no bucket "${bucket}" in this organization. Check INFLUX_BUCKET and INFLUX_ORG.`,
      });
    }
  }

  async ping(): Promise<{ version: string }> {
    const answer = await this.#get('/ping');
    if (answer.status !== 204 && answer.status !== 200) throw fromAnswer(answer);
    const [version] = [answer.headers['x-influxdb-version']].flat();
    return { version: version ?? 'unknown' };
  }

  async write(lines: readonly string[], signal: AbortSignal): Promise<{ rejected: RejectedLine[] }> {
    return { rejected: await storeLines(lines, (part) => this.#post(part, signal)) };
  }

  async points(query: PointsQuery, signal?: AbortSignal): Promise<StoredPoint[]> {
    // Flux calls an empty range an error.
    if (BigInt(query.fromNs) >= BigInt(query.toNs)) return [];
    const text = pointsFlux(query, this.#options.bucket);
    const api = this.#client({ maxBytes: QUERY_BYTES_MAX, signal }).getQueryApi(this.#options.org);
    try {
      return toPoints(await api.collectRows(text, (row, meta) => toFieldRow(row, meta, query.fields)), query);
    } catch (error) {
      signal?.throwIfAborted();
      throw translate2(error);
    }
  }

  /** Queries run with the token that writes. */
  capabilities(): StoreCapabilities {
    return { readOnlyQueries: false };
  }

  async #post(lines: readonly string[], signal: AbortSignal): Promise<PostOutcome> {
    signal.throwIfAborted();
    const { org, bucket, gzip, writeTimeoutMs = 30_000 } = this.#options;
    const client = this.#client({ maxBytes: ANSWER_BYTES_MAX, deadlineMs: writeTimeoutMs, signal });
    const api = client.getWriteApi(org, bucket, 'ns', {
      maxRetries: 0,
      // Nothing is sent but by our flush: not by a timer, nor by lines or bytes that would fill a batch of its own.
      flushInterval: 0,
      batchSize: lines.length + 1,
      maxBatchBytes: Number.MAX_SAFE_INTEGER,
      ...(gzip ? { gzipThreshold: 0 } : { gzipThreshold: Number.MAX_SAFE_INTEGER }),
      // With a promise of ours the library neither logs nor decides; the failure is that of flush.
      writeFailed: (error) => Promise.reject(error),
    });
    try {
      api.writeRecords(lines as string[]);
      await api.flush();
      return { type: 'stored' };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HttpError) return outcomeOf2(answerOf(error));
      throw translate2(error);
    } finally {
      api.dispose();
    }
  }

  async #get(path: string, signal?: AbortSignal): Promise<HttpAnswer> {
    try {
      return await this.#transport({ maxBytes: ANSWER_BYTES_MAX, signal }).request(path, '', { method: 'GET' });
    } catch (error) {
      signal?.throwIfAborted();
      throw translate2(error);
    }
  }

  #client(limits: Limits): InfluxDB {
    return new InfluxDB({ url: this.#options.url, transport: this.#transport(limits) });
  }

  #transport(limits: Limits): OutboundTransport {
    const { url, token, queryTimeoutMs = 20_000 } = this.#options;
    return new OutboundTransport({ http: this.#deps.http, url, token, deadlineMs: queryTimeoutMs, ...limits });
  }
}

/** The names of buckets in an answer; none when it is not InfluxDB's. */
function namesIn(body: Buffer): string[] {
  try {
    const { buckets } = JSON.parse(body.toString('utf8')) as { buckets?: unknown };
    if (!Array.isArray(buckets)) return [];
    return buckets.map((bucket: unknown) =>
      typeof bucket === 'object' && bucket !== null && 'name' in bucket ? String(bucket.name) : '',
    );
  } catch {
    return [];
  }
}
