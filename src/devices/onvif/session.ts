import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import soap from 'node-onvif/lib/modules/soap.js';
import type { Clock } from '../../core/clock.ts';
import type { ShownCertificate } from '../../core/registry/unit.ts';
import {
  chooseChallenge,
  digestAuthorization,
  type PinnedLogin,
  parseChallenges,
} from '../../platform/outbound/http-auth.ts';
import { type Cidr, failureReason, type HttpAnswer, type HttpRequest } from '../../platform/outbound/outbound.ts';
import { OnvifError, type OnvifProblem } from './problems.ts';
import { at, parseXml, XML_MAX_BYTES, type XmlElement } from './xml.ts';

/** What the adapter needs of the outside; `Outbound` serves as `outbound`. */
export interface OnvifPorts {
  outbound: { http(request: CameraRequest): Promise<HttpAnswer> };
  /** The configured camera networks: nothing else is contacted. */
  networks: readonly Cidr[];
  clock: Clock;
}

export interface CameraRequest extends HttpRequest {
  /** The camera keeps it until something happens, or its time is over. */
  polls?: boolean;
}

const SETTING = 'CITYWATCH_CAMERA_NETWORKS';

const sessions = new AsyncLocalStorage<OnvifSession>();

// node-onvif's services all send through this one method. Replaced, the library builds requests and tokens, and every
// byte goes through our guarded transport and our XML parser. Its own transport has no total deadline and no size cap,
// its own parser pretty-prints each answer, and both lose the reason of a failure.
soap.requestCommand = async (address, operation, text) => {
  const session = sessions.getStore();
  if (!session) throw new Error('node-onvif is used outside of a session');
  // `converted` is what the library's own reading of the date looks into; it must find nothing there.
  return { converted: {}, response: await session.send(address.href, operation, text) };
};
// The library takes nonces from Math.random.
soap._createNonce = (bytes) => randomBytes(bytes);

/** What any camera may take and send in one answer. */
export const SESSION_LIMITS = { requestMs: 5_000, maxBytes: XML_MAX_BYTES } as const;

/** Largest answer of what is not registered: an introduction is small. */
export const XML_OF_STRANGERS_MAX_BYTES = 64 * 1024;

export interface SessionOptions {
  login: PinnedLogin;
  /** For the whole chain of calls. */
  deadlineMs: number;
  signal?: AbortSignal | undefined;
  /** Longest time for a single answer. */
  requestMs: number;
  /** Counted apart from requests that somebody waits for, since there is one session per camera at any time. */
  waits?: boolean;
  /** As of {@link CameraRequest}. */
  polls?: boolean;
  /** Largest answer. */
  maxBytes: number;
  /** `never` where a login in the envelope must be the only one; else HTTP digest where it is asked for. */
  digest?: 'when-asked' | 'never';
}

/** One chain of calls to one camera under one deadline. */
export class OnvifSession {
  readonly #ports: OnvifPorts;
  readonly #options: SessionOptions;
  readonly #endMs: number;
  #answered = false;
  #certificate: ShownCertificate | null = null;

  constructor(ports: OnvifPorts, options: SessionOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#endMs = ports.clock.monotonicMs() + options.deadlineMs;
  }

  /** Whether a login was sent because the camera asked for it (HTTP digest). */
  get answered(): boolean {
    return this.#answered;
  }

  /** What the camera showed over https; null over http. */
  get certificate(): ShownCertificate | null {
    return this.#certificate;
  }

  /** Runs one call of a node-onvif service and returns the answer's `...Response` element. */
  async call(run: () => Promise<unknown>): Promise<XmlElement> {
    return ((await sessions.run(this, run)) as { response: XmlElement }).response;
  }

  /** Sends one SOAP request; with HTTP digest as well where the camera asks for it (Profile T). */
  async send(url: string, operation: string, text: string): Promise<XmlElement> {
    let answer = await this.#post(url, operation, text);
    const authorization = answer.status === 401 ? this.#authorize(url, answer) : null;
    if (authorization) answer = await this.#post(url, operation, text, authorization);
    const type = String(answer.headers['content-type'] ?? '');
    const isXml = /xml/i.test(type) || answer.body.subarray(0, 256).includes('<?xml');
    if (answer.status === 401 || (answer.status === 403 && !isXml)) throw new OnvifError('auth', { operation });
    if (answer.status === 404) throw new OnvifError('unsupported', { operation, detail: 'HTTP status 404' });
    if (answer.status !== 200 && !isXml) {
      throw new OnvifError(answer.status >= 500 ? 'device-fault' : 'malformed', {
        operation,
        detail: `HTTP status ${answer.status}`,
      });
    }
    return readAnswer(answer.body, operation);
  }

  async #post(url: string, operation: string, text: string, authorization?: string): Promise<HttpAnswer> {
    const { outbound, networks, clock } = this.#ports;
    const leftMs = this.#endMs - clock.monotonicMs();
    if (leftMs <= 0) throw new OnvifError('timeout', { operation });
    const headers: Record<string, string> = { 'content-type': 'application/soap+xml; charset=utf-8' };
    if (authorization) headers.authorization = authorization;
    const { login, signal, requestMs, waits = false, polls = false, maxBytes } = this.#options;
    const reach = { cidrs: networks, names: 'cameras' } as const;
    try {
      const answer = await outbound.http({
        url,
        method: 'POST',
        headers,
        body: text,
        deadlineMs: Math.min(leftMs, requestMs),
        maxBytes,
        waits,
        polls,
        networks: reach,
        setting: SETTING,
        ...(signal ? { signal } : {}),
        ...(login.fingerprint ? { pin: login.fingerprint } : {}),
      });
      this.#certificate = answer.certificate ?? null;
      return answer;
    } catch (error) {
      const reason = failureReason(error);
      if (reason === null || reason === 'busy' || reason === 'aborted') throw error;
      throw new OnvifError(PROBLEMS[reason], { operation, cause: error });
    }
  }

  #authorize(url: string, answer: HttpAnswer): string | null {
    if (this.#options.digest === 'never') return null;
    const challenge = chooseChallenge(parseChallenges(answer.headers['www-authenticate'] ?? []), false);
    if (!challenge) return null;
    this.#answered = true;
    const { pathname, search } = new URL(url);
    return digestAuthorization({
      ...this.#options.login,
      challenge,
      method: 'POST',
      uri: pathname + search,
      count: 1,
      cnonce: randomBytes(16).toString('hex'),
    });
  }
}

const PROBLEMS: Readonly<
  Record<'dns' | 'unreachable' | 'timeout' | 'tls' | 'reset' | 'malformed' | 'too-big', OnvifProblem>
> = {
  dns: 'unreachable',
  unreachable: 'unreachable',
  timeout: 'timeout',
  tls: 'tls',
  reset: 'unreachable',
  malformed: 'malformed',
  'too-big': 'too-big',
};

/** The `...Response` element of an envelope; a fault is thrown as what it means (ONVIF core specification §5.11). */
export function readAnswer(body: Buffer, operation: string): XmlElement {
  const envelope = parseXml(body);
  const content = envelope.name === 'Envelope' ? at(envelope, 'Body') : undefined;
  if (!content) throw new OnvifError('malformed', { operation, detail: 'no SOAP envelope' });
  const fault = at(content, 'Fault');
  if (fault) throw new OnvifError(problemOf(fault), { operation });
  const response = at(content, `${operation}Response`);
  if (!response) throw new OnvifError('malformed', { operation, detail: 'the answer belongs to another question' });
  return response;
}

const MEANINGS: [RegExp, OnvifProblem][] = [
  [/NotAuthorized|FailedAuthentication|InvalidSecurity|FailedCheck|SecurityTokenUnavailable/, 'auth'],
  [/ActionNotSupported|NotSupported|NoSuchService|UnknownAction|MustUnderstand/, 'unsupported'],
];

function problemOf(fault: XmlElement): OnvifProblem {
  const codes: string[] = [];
  // SOAP 1.2 nests its subcodes; SOAP 1.1 devices use faultcode.
  for (let code = at(fault, 'Code'); code; code = at(code, 'Subcode')) codes.push(at(code, 'Value')?.text ?? '');
  const text = `${codes.join(' ')} ${at(fault, 'faultcode')?.text ?? ''} ${at(fault, 'Reason', 'Text')?.text ?? ''}`;
  const known = MEANINGS.find(([pattern]) => pattern.test(text));
  if (known) return known[1];
  return /not authori[sz]ed|authentication/i.test(text) ? 'auth' : 'device-fault';
}
