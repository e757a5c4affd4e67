import { isIP, type LookupFunction } from 'node:net';
import { Agent, type Dispatcher, request } from 'undici';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import type { ShownCertificate } from '../../core/registry/unit.ts';
import { checkedLookup, REFUSED } from './checked-lookup.ts';
import { classify, codeOf, failureReason, OutboundFailure } from './failure.ts';
import { machineNames, type Names, type Purpose } from './names.ts';
import { type Cidr, Networks } from './networks.ts';
import { noticingConnector, PinnedAgents, pinnedConnector, ShownCertificates } from './pinned.ts';

export { type FailureReason, failureReason, OutboundFailure } from './failure.ts';
export type { Cidr } from './networks.ts';

export interface HttpRequest {
  /** `http:`, `https:`, or for services `http+unix://%2Fpath%2Fto.sock/path`. Never with user and password inside. */
  url: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** From the call to the last byte of the answer, name look-up and connecting included. */
  deadlineMs: number;
  /** Largest body of an answer. */
  maxBytes: number;
  /** Where the request may go: these ranges alone, or `services` for an address the operator has set. */
  networks: 'services' | Reach;
  /** The setting a refusal names, such as `CITYWATCH_CAMERA_NETWORKS`. */
  setting?: string;
  /**
   * The status line decides. The body is read for a moment, so that the connection can be used again; one that never
   * ends, breaks off or is too large is cut and answered empty, and changes nothing.
   */
  statusOnly?: boolean;
  /** For long polls, of which there may be one per camera: counted apart, and on connections of their own. */
  waits?: boolean;
  signal?: AbortSignal;
  /** Over https this certificate is believed and no other: its SHA-256 fingerprint, 64 hex digits in small letters. */
  pin?: string;
}

/** The only addresses that may be contacted, and with whose names the look-up shares its limits. */
export interface Reach {
  cidrs: readonly Cidr[];
  names: Exclude<Purpose, 'services'>;
}

export interface HttpAnswer {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** What the host showed when it was last connected to over https; absent for http. */
  certificate?: ShownCertificate;
}

export interface OutboundDeps {
  clock: Clock;
  observer: Observer;
  /** Name look-up, one for each purpose; the machine's own unless a test brings others. */
  names?: Readonly<Record<Purpose, Pick<Names, 'addresses' | 'lookup'>>>;
  /** Certificates (PEM) in place of those that the machine trusts, by purpose: for cameras those that name theirs. */
  authorities?: Readonly<Partial<Record<Purpose, string>>>;
}

const IN_FLIGHT_MAX = 1_000;
/** One for each camera of a city, each idle nearly all of the time. */
const WAITING_MAX = 16_384;
const CONNECTIONS_PER_ORIGIN_MAX = 8;
/** A recorder has as many channels, which may be devices of their own. */
const WAITING_PER_ORIGIN_MAX = 64;
const POLICIES_MAX = 32;
const CONNECT_TIMEOUT_MS = 10_000;
/** A receiver that answers ends its body at once; later it costs a new connection. */
const REST_OF_ANSWER_MS = 250;
const SOCKET_SCHEME = 'http+unix:';

/**
 * The one way out: HTTP to services, cameras and receivers. It follows no redirects, ends at a total deadline however
 * slowly an answer drips, reads no more than it was told, and for foreign addresses connects only to the address it has
 * checked. Fails with `outbound.refused` (not allowed) or `outbound.failed` (tried, cause {@link OutboundFailure}).
 */
export class Outbound {
  readonly #deps: OutboundDeps;
  readonly #agents = new Map<string, Agent>();
  readonly #pinned = new PinnedAgents();
  readonly #shown = new ShownCertificates();
  readonly #results: Counter<'result'>;
  readonly #inFlight = { asking: 0, waiting: 0 };
  /** Origins at which a request waits alone. */
  readonly #waitedFor = new Set<string>();
  readonly #authorities: Map<Purpose, string>;

  constructor(deps: OutboundDeps) {
    this.#deps = deps;
    this.#authorities = new Map(Object.entries(deps.authorities ?? {}) as [Purpose, string][]);
    this.#results = new Counter({
      name: 'citywatch_outbound_requests_total',
      help: 'HTTP requests we sent, by result: answered, refused, or why they failed.',
      labelNames: ['result'],
      registers: [deps.observer.metrics],
    });
  }

  async http(options: HttpRequest): Promise<HttpAnswer> {
    try {
      const answer = await this.#send(options);
      this.#results.inc({ result: 'answered' });
      return answer;
    } catch (error) {
      this.#results.inc({ result: failureReason(error) ?? 'refused' });
      throw error;
    }
  }

  /** Fails as `http` would when this address may not be contacted, so that it is refused where it is entered. */
  async check({ url, networks, setting }: Pick<HttpRequest, 'url' | 'networks' | 'setting'>): Promise<void> {
    const target = readTarget({ url, networks, ...(setting ? { setting } : {}) });
    if (networks === 'services' || isIP(hostOf(target.url)) !== 0) return;
    const found = await this.#names(networks)
      .addresses(target.url.hostname)
      .catch((error: unknown) => {
        throw failed(target.name, new OutboundFailure('dns', codeOf(error)));
      });
    const allowed = new Networks(networks.cidrs);
    if (!found.some(({ address }) => allowed.has(address))) throw refused(target.name, setting);
  }

  /**
   * From now on these certificates (PEM) are trusted for a purpose, in place of those before. Requests under way end as
   * they began; new ones have connections of their own.
   */
  trust(purpose: Exclude<Purpose, 'services'>, pem: string): void {
    this.#authorities.set(purpose, pem);
    for (const [key, agent] of this.#agents) {
      if (!key.startsWith(`${purpose} `)) continue;
      this.#agents.delete(key);
      void agent.close().catch(() => {});
    }
  }

  /** Ends every connection; requests under way fail. */
  async close(): Promise<void> {
    await Promise.all([...this.#agents.values(), ...this.#pinned.drain()].map((agent) => agent.destroy()));
    this.#agents.clear();
  }

  async #send(options: HttpRequest): Promise<HttpAnswer> {
    const target = readTarget(options);
    const lane = options.waits ? 'waiting' : 'asking';
    if (this.#inFlight[lane] >= (options.waits ? WAITING_MAX : IN_FLIGHT_MAX)) {
      throw failed(target.name, new OutboundFailure('busy'));
    }
    const limit = deadline(this.#deps.clock, options.deadlineMs, options.signal);
    const alone = options.waits === true && !this.#waitedFor.has(target.url.origin);
    if (alone) this.#waitedFor.add(target.url.origin);
    this.#inFlight[lane] += 1;
    try {
      const answer = await request(target.url, {
        dispatcher: this.#agentFor(options, target.socketPath, alone),
        method: options.method,
        headers: options.headers ?? {},
        body: options.body ?? null,
        signal: limit.signal,
      });
      const body = options.statusOnly
        ? await this.#rest(answer, options.maxBytes)
        : await readBody(answer, options.maxBytes);
      const certificate = this.#shown.at(target.url);
      return { status: answer.statusCode, headers: answer.headers, body, ...(certificate && { certificate }) };
    } catch (error) {
      if (codeOf(error) === REFUSED) throw refused(target.name, options.setting);
      throw failed(target.name, classify(error, limit.signal));
    } finally {
      limit.cancel();
      if (alone) this.#waitedFor.delete(target.url.origin);
      this.#inFlight[lane] -= 1;
    }
  }

  async #rest(answer: Dispatcher.ResponseData, maxBytes: number): Promise<Buffer> {
    const limit = deadline(this.#deps.clock, REST_OF_ANSWER_MS);
    const body = await orAborted(readBody(answer, maxBytes), limit.signal).catch(() => {
      answer.body.destroy();
      return Buffer.alloc(0);
    });
    limit.cancel();
    return body;
  }

  #lookupOf(networks: HttpRequest['networks']): LookupFunction {
    const names = this.#names(networks);
    return networks === 'services' ? names.lookup : checkedLookup(new Networks(networks.cidrs), names);
  }

  #names(networks: HttpRequest['networks']): Pick<Names, 'addresses' | 'lookup'> {
    return (this.#deps.names ?? machineNames)[networks === 'services' ? 'services' : networks.names];
  }

  /** Connections are kept per policy, so that one opened under a wider policy is never used under a narrower one. */
  #agentFor({ networks, waits, pin }: HttpRequest, socketPath: string | null, alone: boolean): Agent {
    const policy =
      socketPath ?? (networks === 'services' ? 'services' : `${networks.names} ${networks.cidrs.join(',')}`);
    // For a single connection undici needs a third of the memory that a pool takes, per camera of a city.
    const connections = alone ? 1 : waits ? WAITING_PER_ORIGIN_MAX : CONNECTIONS_PER_ORIGIN_MAX;
    const key = waits ? `${policy} ${connections}` : policy;
    if (pin !== undefined && socketPath === null) {
      return this.#pinned.get(`${key} ${pin}`, () => {
        const lookup = this.#lookupOf(networks);
        const connect = pinnedConnector({ timeout: CONNECT_TIMEOUT_MS, lookup }, { pin, shown: this.#shown });
        return new Agent({ connections, headersTimeout: 0, bodyTimeout: 0, connect });
      });
    }
    const known = this.#agents.get(key);
    if (known) return known;
    // Policies come from settings, never from requests, so there are a handful.
    if (this.#agents.size >= POLICIES_MAX) throw new RangeError('too many sets of allowed networks');
    const ca = this.#authorities.get(networks === 'services' ? 'services' : networks.names);
    const lookup = this.#lookupOf(networks);
    const agent = new Agent({
      connections,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: noticingConnector(
        {
          timeout: CONNECT_TIMEOUT_MS,
          ...(socketPath === null ? {} : { socketPath }),
          ...(ca === undefined ? {} : { ca }),
          lookup,
        },
        this.#shown,
      ),
    });
    this.#agents.set(key, agent);
    return agent;
  }
}

interface Target {
  url: URL;
  /** Host and port for messages: no path, no query, since those may hold secrets. */
  name: string;
  socketPath: string | null;
}

/** The URL parser has turned every spelling of an IPv4 address (hex, octal, one number) into dots by now. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function readTarget({ url: text, networks, setting }: Pick<HttpRequest, 'url' | 'networks' | 'setting'>): Target {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url) throw new CitywatchError('outbound.refused', { detail: 'The address is not a URL.' });
  if (url.username || url.password) {
    throw new CitywatchError('outbound.refused', { detail: 'User and password do not belong into a URL.' });
  }
  if (url.protocol === SOCKET_SCHEME && networks === 'services') {
    const socketPath = decodeURIComponent(url.host);
    return { url: new URL(`http://localhost${url.pathname}${url.search}`), name: socketPath, socketPath };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new CitywatchError('outbound.refused', { detail: 'Only http and https addresses are contacted.' });
  }
  const host = hostOf(url);
  if (networks !== 'services' && isIP(host) !== 0 && !new Networks(networks.cidrs).has(host))
    throw refused(url.host, setting);
  return { url, name: url.host, socketPath: null };
}

async function readBody({ body, headers }: Dispatcher.ResponseData, maxBytes: number): Promise<Buffer> {
  // Whatever the stream still has to say after we gave up on it.
  body.on('error', () => {});
  try {
    if (Number(headers['content-length'] ?? 0) > maxBytes) throw new OutboundFailure('too-big');
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += (chunk as Buffer).length;
      if (bytes > maxBytes) throw new OutboundFailure('too-big');
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks, bytes);
  } catch (error) {
    body.destroy();
    throw error;
  }
}

function refused(name: string, setting: string | undefined): CitywatchError {
  const remedy = setting ? `add its network to ${setting}` : 'its network is not allowed';
  return new CitywatchError('outbound.refused', { detail: `${name} may not be contacted: ${remedy}.` });
}

function failed(name: string, failure: OutboundFailure): CitywatchError {
  return new CitywatchError('outbound.failed', { detail: `${name}: ${failure.message}.`, cause: failure });
}
