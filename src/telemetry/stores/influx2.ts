import { HttpError, InfluxDB } from '@influxdata/influxdb-client';
import { CitywatchError } from '../../core/errors.ts';
import type { HttpAnswer, HttpPort } from './http-port.ts';
import { ensureRollupBucket, findBucket } from './influx2-buckets.ts';
import { answerOf, fromAnswer, outcomeOf2, translate2 } from './influx2-errors.ts';
import { bucketsFlux, type FieldRow, pointsFlux, toBuckets, toFieldRow, toPoints } from './influx2-query.ts';
import { OutboundTransport, type TransportOptions } from './influx2-transport.ts';
import { ANSWER_BYTES_MAX, type PostOutcome, storeLines } from './post-lines.ts';
import type {
  Aggregate,
  BucketsQuery,
  PointsQuery,
  RejectedLine,
  RetentionDays,
  Store,
  StoredBucket,
  StoredPoint,
  Tier,
} from './store.ts';

export interface Influx2Options {
  /** `http://host:8086`, or https, or with a path in front of a proxy. */
  url: string;
  /** Must be able to read and write the bucket, and those of the roll-ups or to make them. */
  token: string;
  /** Name or id. */
  org: string;
  /** Name of a bucket that exists; how long it keeps points is its own setting. Roll-ups lie in `_5m` and `_1h`. */
  bucket: string;
  retentionDays: RetentionDays;
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
 * ({@link OutboundTransport}). Organization and bucket are made by whoever runs the server; the buckets of roll-ups by
 * us, where our token may.
 */
export class Influx2Store implements Store {
  readonly #options: Influx2Options;
  readonly #deps: Influx2Deps;

  constructor(options: Influx2Options, deps: Influx2Deps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Looks whether the bucket is there; makes that of a roll-up, or changes its retention to the settings. */
  async ensure(signal?: AbortSignal, tier: Tier = 'raw'): Promise<void> {
    const { org, bucket, retentionDays } = this.#options;
    const send = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: object) =>
      this.#request({ method, path, body: body === undefined ? '' : JSON.stringify(body) }, signal);
    const raw = await findBucket(org, bucket, send);
    if (raw === null) {
      throw new CitywatchError('store.refused', {
        detail: `Our token sees no bucket "${bucket}" in this organization. Check INFLUX_BUCKET and INFLUX_ORG.`,
      });
    }
    if (tier === 'raw') return;
    await ensureRollupBucket({ org, orgId: raw.orgID, name: this.#bucketOf(tier), tier, retentionDays }, send);
  }

  async ping(): Promise<{ version: string }> {
    const answer = await this.#request({ method: 'GET', path: '/ping', body: '' });
    if (answer.status !== 204 && answer.status !== 200) throw fromAnswer(answer);
    const [version] = [answer.headers['x-influxdb-version']].flat();
    return { version: version ?? 'unknown' };
  }

  async write(
    lines: readonly string[],
    signal: AbortSignal,
    tier: Tier = 'raw',
  ): Promise<{ rejected: RejectedLine[] }> {
    return { rejected: await storeLines(lines, (part) => this.#post(part, tier, signal)) };
  }

  async points(query: PointsQuery, signal?: AbortSignal): Promise<StoredPoint[]> {
    // Flux calls an empty range an error.
    if (BigInt(query.fromNs) >= BigInt(query.toNs)) return [];
    return toPoints(await this.#rows(pointsFlux(query, this.#options.bucket), query.fields, signal), query);
  }

  async buckets(query: BucketsQuery, signal?: AbortSignal): Promise<StoredBucket[]> {
    if (query.fromMs >= query.toMs) return [];
    const name = this.#bucketOf(query.tier);
    const answers: { fn: Aggregate; rows: FieldRow[] }[] = [];
    for (const fn of new Set(query.columns.map((column) => column.fn))) {
      answers.push({ fn, rows: await this.#rows(bucketsFlux(query, fn, name), query.groupBy, signal) });
    }
    return toBuckets(answers, query);
  }

  /** Queries run with the token that writes. */
  #bucketOf(tier: Tier): string {
    return tier === 'raw' ? this.#options.bucket : `${this.#options.bucket}_${tier}`;
  }

  async #rows(text: string, labels: readonly string[], signal?: AbortSignal): Promise<FieldRow[]> {
    const api = this.#client({ maxBytes: QUERY_BYTES_MAX, signal }).getQueryApi(this.#options.org);
    try {
      return await api.collectRows(text, (row, meta) => toFieldRow(row, meta, labels));
    } catch (error) {
      signal?.throwIfAborted();
      throw translate2(error);
    }
  }

  async #post(lines: readonly string[], tier: Tier, signal: AbortSignal): Promise<PostOutcome> {
    signal.throwIfAborted();
    const { org, gzip, writeTimeoutMs = 30_000 } = this.#options;
    const client = this.#client({ maxBytes: ANSWER_BYTES_MAX, deadlineMs: writeTimeoutMs, signal });
    const api = client.getWriteApi(org, this.#bucketOf(tier), 'ns', {
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

  async #request(
    { method, path, body }: { method: 'GET' | 'POST' | 'PATCH'; path: string; body: string },
    signal?: AbortSignal,
  ): Promise<HttpAnswer> {
    const headers = body === '' ? {} : { 'content-type': 'application/json' };
    try {
      return await this.#transport({ maxBytes: ANSWER_BYTES_MAX, signal }).request(path, body, { method, headers });
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
