import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** A record as it is stored: of which device, and at what time of the device's clock, Unix ms. */
export interface StoredRow {
  device: string;
  tsMs: number;
}

/** Reads what a gateway stored, from the store itself and never from the gateway. */
export interface StoreReader {
  /** All records of one kind in a range of times, both ends included. */
  rows(kind: string, fromMs: number, toMs: number): AsyncIterable<StoredRow>;
}

/** Where InfluxDB is: `url` may be `http+unix://%2Fpath%2Fto.sock`. */
export const storeAddress = z.strictObject({
  url: z.string(),
  username: z.string().nullable(),
  password: z.string().nullable(),
  database: z.string(),
});
export type StoreAddress = z.infer<typeof storeAddress>;

/** How records are asked for, and by which tag they tell their device. */
export interface StoreWords {
  deviceTag: string;
  /** InfluxQL, grouped by that tag; both ends of the range of times are included. */
  queryOf(kind: string, fromMs: number, toMs: number): string;
}

/** As this repository's gateway fills it: one measurement for each kind. */
const OURS: StoreWords = {
  deviceTag: 'dev',
  queryOf: (kind, fromMs, toMs) => {
    const range = `time >= ${fromMs}ms AND time < ${toMs + 1}ms`;
    return `SELECT *::field FROM "${kind.replace(/["\\]/g, '')}" WHERE ${range} GROUP BY "dev"`;
  },
};

const SOCKET_SCHEME = 'http+unix://';
const CHUNK_ROWS = 5_000;
const TIMEOUT_MS = 120_000;

/** One answer of InfluxDB 1.x; with `chunked` there is one on each line. */
const answer = z.object({
  results: z.array(
    z.object({
      error: z.string().optional(),
      series: z
        .array(
          z.object({
            tags: z.record(z.string(), z.string()),
            columns: z.array(z.string()),
            values: z.array(z.array(z.unknown())),
          }),
        )
        .optional(),
    }),
  ),
  error: z.string().optional(),
});

/**
 * InfluxDB 1.x. Times are asked for as text: as numbers they would be rounded to 256 ns, and with bad luck into the
 * next millisecond.
 */
export class InfluxStore implements StoreReader {
  readonly #address: StoreAddress;
  readonly #words: StoreWords;

  constructor(address: StoreAddress, words: StoreWords = OURS) {
    this.#address = address;
    this.#words = words;
  }

  async *rows(kind: string, fromMs: number, toMs: number): AsyncGenerator<StoredRow> {
    const { deviceTag, queryOf } = this.#words;
    for await (const line of this.#ask(queryOf(kind, fromMs, toMs))) {
      const { results, error } = answer.parse(JSON.parse(line));
      const problem = error ?? results.find((one) => one.error !== undefined)?.error;
      if (problem !== undefined) throw new Error(`the store refuses: ${problem}`);
      for (const { series } of results) for (const one of series ?? []) yield* rowsOf(one, deviceTag);
    }
  }

  async *#ask(statement: string): AsyncGenerator<string> {
    const { username, password, database } = this.#address;
    const query = new URLSearchParams({ db: database, q: statement, chunked: 'true', chunk_size: String(CHUNK_ROWS) });
    const headers: Record<string, string> = {};
    if (username !== null) headers.authorization = `Basic ${btoa(`${username}:${password ?? ''}`)}`;
    const response = await this.#get(`/query?${query}`, headers);
    for await (const line of createInterface({ input: response })) if (line !== '') yield line;
  }

  async #get(path: string, headers: Record<string, string>) {
    const { url } = this.#address;
    const isSocket = url.startsWith(SOCKET_SCHEME);
    const asked = isSocket
      ? plainRequest({ socketPath: decodeURIComponent(url.slice(SOCKET_SCHEME.length)), path, headers })
      : (url.startsWith('https:') ? tlsRequest : plainRequest)(new URL(path, url), { headers });
    asked.setTimeout(TIMEOUT_MS, () => asked.destroy(new Error('the store does not answer')));
    return new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve);
      asked.once('error', reject);
      asked.end();
    });
  }
}

interface Series {
  tags: Record<string, string>;
  columns: string[];
  values: unknown[][];
}

function* rowsOf({ tags, columns, values }: Series, deviceTag: string): Generator<StoredRow> {
  const timeAt = columns.indexOf('time');
  const receivedAt = columns.indexOf('recv_ms');
  const eventAt = columns.indexOf('event');
  for (const row of values) {
    // A report of state has no time of the device's own: it tells when it was received, and is no event.
    const isState = receivedAt >= 0 && row[receivedAt] !== null && (eventAt < 0 || row[eventAt] === null);
    if (isState) continue;
    yield { device: tags[deviceTag] ?? '', tsMs: millisecondsOf(String(row[timeAt])) };
  }
}

/** Of `2026-06-08T04:00:00.123456789Z`, whose zeros at the end are left out. */
export function millisecondsOf(text: string): number {
  const [whole = '', fraction = ''] = text.replace('Z', '').split('.');
  return Date.parse(`${whole}Z`) + Number(fraction.slice(0, 3).padEnd(3, '0'));
}
