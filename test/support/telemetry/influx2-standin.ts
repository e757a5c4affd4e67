import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { FluxFault, runFlux, type Sample } from './influx2-flux.ts';

interface Test {
  teardown(run: () => Promise<void>): void;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export const TOKEN = 'test-only-token';
export const ORG = 'city works';
export const BUCKET = 'telemetry/raw';

/** Points before 2010 are outside the retention that the stand-in pretends to have. */
const OLDEST_NS = 1_262_304_000_000_000_000n;
const BODY_BYTES_MAX = 1_000_000;

/**
 * Stands in for InfluxDB 2.7 (OSS), of which Debian has no package: it gives the answers that its documents and
 * reports of its users show, keeps what is written in memory, and runs only the functions of Flux that we send. So
 * it shows that our side fits the documents, and nothing about a real server's storage, its Flux or its limits.
 * What each is from:
 *
 * - errors: JSON of `code` and `message`, `X-Platform-Error-Code`; `X-Influxdb-Build`, `-Version` on every answer:
 *   influxdata/influxdb#25049 (2.7.6). 401 `unauthorized access` for a token that is none:
 *   influxdata/influxdb#20859
 * - `GET /ping`: 204 without a token: influxdata/openapi src/common/paths/ping.yml
 * - `GET /api/v2/buckets?org=&name=`: 200 with `buckets`, else 404 `bucket "x" not found`:
 *   influxdata/influxdb#13071, influxdata/influxdb-client-js#322; 200 with none where the token may not read it:
 *   influxdata/influxdb#21607; some servers say 404 `no buckets found in organization`:
 *   influxdata/influxdb-gds-connector#12 ({@link unseen})
 * - `POST /api/v2/buckets`: 201 with the bucket (openapi src/common/paths/buckets.yml); 422 `conflict` for a name
 *   that is taken: influxdata/influxdb#19492; 401 `write:… is unauthorized` without the right:
 *   influxdata/influxdb#24817
 * - `PATCH /api/v2/buckets/{id}`: 200 with the bucket, 404 `bucket not found`: openapi
 *   src/common/paths/buckets_bucketID.yml
 * - `POST /api/v2/write`: 204; 404 `bucket "x" not found`: influxdata/influxdb#25049; 400 for a line that cannot
 *   be read, 413, and 422 for a partial write, with the number dropped: docs.influxdata.com/influxdb/v2
 *   write-data/troubleshoot
 * - `POST /api/v2/query`: annotated CSV; 404 `failed to initialize execute state: could not find bucket "x"`:
 *   influxdata/vsflux#69, influxdata/docs-v2#3655; 400 `invalid` for Flux that cannot be read
 */
export class Influx2StandIn {
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers']; body: Buffer }[] = [];
  /** Given out, oldest first, in place of what would be answered. */
  readonly planned: Answer[] = [];
  readonly #buckets = new Map<string, Bucket>([[BUCKET, newBucket(1, 0)]]);
  /** Whether the token may make buckets and change them. */
  mayMakeBuckets = true;
  /** What is said of a bucket that is not there, or that the token may not see. */
  unseen: 'not-found' | 'empty' | 'none-in-organization' = 'not-found';
  #server: Server | null = null;
  #port = 0;

  static async start(t: Test): Promise<Influx2StandIn> {
    const standIn = new Influx2StandIn();
    t.teardown(() => standIn.stop());
    await standIn.listen();
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Cuts every connection and comes back at the same port with what it has acknowledged. */
  async restart(): Promise<void> {
    await this.stop();
    await this.listen();
  }

  async listen(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      const sent = await buffer(request);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
      const url = new URL(request.url ?? '', this.url);
      this.requests.push({
        method: request.method ?? '',
        path: url.pathname + url.search,
        headers: request.headers,
        body,
      });
      const answer = this.planned.shift() ?? this.#answer(request, url, body.toString());
      response.writeHead(answer.status, {
        'x-influxdb-build': 'OSS',
        'x-influxdb-version': 'v2.7.11',
        'content-type': 'application/json; charset=utf-8',
        ...answer.headers,
      });
      response.end(answer.body);
    }).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  #answer({ method, headers }: IncomingMessage, { pathname, searchParams }: URL, body: string): Answer {
    if (pathname === '/ping') return { status: 204 };
    if (headers.authorization !== `Token ${TOKEN}`) return fault(401, 'unauthorized', 'unauthorized access');
    if (pathname.startsWith('/api/v2/buckets') && method !== 'GET') return this.#change(method, pathname, body);
    const org = searchParams.get('org');
    if (org !== ORG) return fault(404, 'not found', `organization name "${org}" not found`);
    const named = searchParams.get('bucket') ?? searchParams.get('name');
    if (method === 'GET' && pathname === '/api/v2/buckets') {
      return this.#find(named ?? '');
    }
    if (method === 'POST' && pathname === '/api/v2/write') {
      const bucket = this.#buckets.get(named ?? '');
      if (!bucket) return fault(404, 'not found', `bucket "${named}" not found`);
      if (searchParams.get('precision') !== 'ns') return fault(400, 'invalid', 'the stand-in knows nanoseconds only');
      if (body.length > BODY_BYTES_MAX)
        return fault(413, 'request too large', 'cannot read data: points batch is too large');
      return this.#write(bucket, body.split('\n'));
    }
    if (method === 'POST' && pathname === '/api/v2/query') return this.#query(body);
    return fault(404, 'not found', 'path not found');
  }

  #find(name: string): Answer {
    const bucket = this.#buckets.get(name);
    if (!bucket && this.unseen === 'not-found') return fault(404, 'not found', `bucket "${name}" not found`);
    if (!bucket && this.unseen === 'none-in-organization') {
      return fault(404, 'not found', `no buckets found in organization ${ORG_ID}`);
    }
    const self = `/api/v2/buckets?descending=false&limit=20&name=${encodeURIComponent(name)}&offset=0`;
    const buckets = bucket ? [described(bucket, name)] : [];
    return { status: 200, body: JSON.stringify({ links: { self }, buckets }) };
  }

  /** A line that cannot be read refuses all; one that cannot be kept only itself, and the answer names the first. */
  #write({ samples: kept, types }: Bucket, lines: string[]): Answer {
    const read = lines.map(parseLine);
    const broken = read.indexOf(null);
    if (broken >= 0) return fault(400, 'invalid', `unable to parse '${lines[broken]}': missing field value`);
    let dropped = 0;
    let why = '';
    for (const samples of read as Sample[][]) {
      const reason = samples.map((sample) => complaint(sample, types)).find((text) => text !== null);
      if (reason) {
        dropped += 1;
        why ||= reason;
        continue;
      }
      for (const sample of samples) {
        const { measurement, tags, field, timeNs, value } = sample;
        types.set(`${measurement} ${field}`, typeof value);
        kept.set(`${measurement} ${JSON.stringify(tags)} ${field} ${timeNs}`, sample);
      }
    }
    if (dropped === 0) return { status: 204 };
    const message = `failure writing points to database: partial write: ${why} dropped=${dropped}`;
    return fault(422, 'unprocessable entity', message);
  }

  #change(method: string | undefined, path: string, body: string): Answer {
    if (!this.mayMakeBuckets) return fault(401, 'unauthorized', `write:orgs/${ORG_ID}/buckets is unauthorized`);
    const { name, orgID, retentionRules } = JSON.parse(body) as Record<string, string> & { retentionRules: Rule[] };
    const everySeconds = retentionRules[0]?.everySeconds ?? 0;
    if (method === 'POST') {
      if (orgID !== ORG_ID || !name) return fault(400, 'invalid', 'bucket needs orgID and name');
      if (this.#buckets.has(name)) return fault(422, 'conflict', `bucket with name ${name} already exists`);
      const bucket = newBucket(this.#buckets.size + 1, everySeconds);
      this.#buckets.set(name, bucket);
      return { status: 201, body: JSON.stringify(described(bucket, name)) };
    }
    const found = [...this.#buckets].find(([, { id }]) => path.endsWith(`/${id}`));
    if (!found) return fault(404, 'not found', 'bucket not found');
    found[1].everySeconds = everySeconds;
    return { status: 200, body: JSON.stringify(described(found[1], found[0])) };
  }

  /** Retention in seconds by name. */
  get retention(): Record<string, number> {
    return Object.fromEntries([...this.#buckets].map(([name, { everySeconds }]) => [name, everySeconds]));
  }

  #query(body: string): Answer {
    const { query } = JSON.parse(body) as { query: string };
    const [, asked = ''] = /from\(bucket: "((?:[^"\\]|\\.)*)"\)/.exec(query) ?? [];
    if (!this.#buckets.has(asked)) {
      const message = `failed to initialize execute state: could not find bucket "${asked}"`;
      return fault(404, 'not found', message);
    }
    try {
      const text = runFlux(query, (name) => this.#buckets.get(name)?.samples.values());
      return { status: 200, headers: { 'content-type': 'text/csv; charset=utf-8' }, body: text };
    } catch (error) {
      if (error instanceof FluxFault) return fault(400, 'invalid', error.message);
      throw error;
    }
  }
}

interface Rule {
  everySeconds: number;
}

interface Bucket {
  id: string;
  everySeconds: number;
  samples: Map<string, Sample>;
  types: Map<string, string>;
}

const ORG_ID = '00000000000000aa';

function newBucket(number: number, everySeconds: number): Bucket {
  return { id: String(number).padStart(16, '0'), everySeconds, samples: new Map(), types: new Map() };
}

function described({ id, everySeconds }: Bucket, name: string | null) {
  const retentionRules = everySeconds ? [{ type: 'expire', everySeconds, shardGroupDurationSeconds: 86_400 }] : [];
  return { id, orgID: ORG_ID, type: 'user', name, retentionRules, labels: [] };
}

function complaint({ measurement, field, timeNs, value }: Sample, types: Map<string, string>): string | null {
  if (timeNs < OLDEST_NS) return 'points beyond retention policy';
  const known = types.get(`${measurement} ${field}`) ?? typeof value;
  if (known === typeof value) return null;
  return (
    `field type conflict: input field "${field}" on measurement "${measurement}" is type ${typeof value}, ` +
    `already exists as type ${known}`
  );
}

function fault(status: number, code: string, message: string): Answer {
  return { status, headers: { 'x-platform-error-code': code }, body: JSON.stringify({ code, message }) };
}

/** The samples of one line; null where it is no line protocol. Knows what the tests write, not all there is. */
function parseLine(line: string): Sample[] | null {
  const [, series = '', fieldText = '', time = ''] = /^(\S+) (.+) (\d+)$/.exec(line) ?? [];
  const [measurement = '', ...tagTexts] = series.split(',');
  const tags = Object.fromEntries(tagTexts.map((text) => text.split('=') as [string, string]));
  const fields = [...fieldText.matchAll(/(?:^|,)(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)/g)];
  if (measurement === '' || fields.length === 0) return null;
  return fields.map(([, field = '', text = '']) => ({
    measurement,
    tags,
    field,
    timeNs: BigInt(time),
    value: text.startsWith('"')
      ? text.slice(1, -1).replace(/\\(["\\])/g, '$1')
      : /^(true|false)$/.test(text)
        ? text === 'true'
        : Number(text),
  }));
}
