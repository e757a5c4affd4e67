import { atCamera, cameraUrl } from './addresses.ts';
import { measureSkew } from './clock-skew.ts';
import { type Echo, envelope, type Question } from './envelope.ts';
import type { CameraTarget } from './inspect.ts';
import { clean, type Notification, readNotifications, readTime } from './notifications.ts';
import { OnvifError, type OnvifProblem } from './problems.ts';
import { type OnvifPorts, OnvifSession, SESSION_LIMITS, type SessionOptions } from './session.ts';
import { at, namespaceOf, type XmlElement } from './xml.ts';

export interface PullPointTimes {
  /** How long a subscription is asked for, from one renewal to the next. */
  termMs: number;
  /** For the whole of subscribing, and for each other short question. */
  askMs: number;
  /** What an answer may take beyond the time we let the camera wait. */
  slackMs: number;
}

/** Where the camera keeps our subscription. */
interface Reference {
  /** Contacted: host and port are those of the camera as it is registered. */
  url: string;
  /** What the camera called it. */
  to: string;
  echoes: Echo[];
}

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';
const EVENTS = 'http://www.onvif.org/ver10/events/wsdl';
const PULL = `${EVENTS}/PullPointSubscription`;
const SUBSCRIPTION = 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager';

/** A hundred messages are some 100 kB; an answer beyond this is no camera's. */
const ANSWER_MAX_BYTES = 256 * 1024;
const MESSAGES_PER_PULL = 100;
const ECHOES_MAX = 4;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const GRANTED_MIN_MS = 2_000;

/** What the camera answered and was no use; anything else means that it cannot be reached as it is. */
const COMPLAINTS: readonly OnvifProblem[] = ['unsupported', 'device-fault', 'malformed', 'too-big'];

/**
 * The event subscription of one camera (ONVIF core specification §9, real-time pull-point). Throws {@link OnvifError}
 * or `outbound.refused`; the caller decides when to ask again. Contacts the host and port of `xaddr` and no other.
 */
export class PullPoint {
  readonly #ports: OnvifPorts;
  readonly #target: CameraTarget;
  readonly #times: PullPointTimes;
  #skewMs = 0;
  #reference: Reference | null = null;

  constructor(ports: OnvifPorts, target: CameraTarget, times: PullPointTimes) {
    this.#ports = ports;
    this.#target = target;
    this.#times = times;
  }

  /** A new subscription in place of the old one; resolves with how long the camera grants it, by its own count. */
  async subscribe(signal: AbortSignal): Promise<number> {
    const camera = cameraUrl(this.#target.xaddr);
    if (!camera) throw new OnvifError('malformed', { detail: 'its address is not an http address' });
    const session = this.#session({ ...SESSION_LIMITS, deadlineMs: this.#times.askMs, signal });
    this.#skewMs = (await measureSkew(() => this.#ask(session, camera.href, CLOCK), this.#ports.clock)) ?? 0;
    // First the old one, since some cameras end every subscription at once (home-assistant/core PR #92627).
    if (this.#reference) await this.#tolerate(this.unsubscribe(signal));
    const service = await this.#serviceAddress(session, camera);
    const term = `<tev:InitialTerminationTime>${this.#term}</tev:InitialTerminationTime>`;
    const body = `<tev:CreatePullPointSubscription>${term}</tev:CreatePullPointSubscription>`;
    const action = `${EVENTS}/EventPortType/CreatePullPointSubscriptionRequest`;
    const answer = await this.#ask(session, service, { action, to: service, body });
    this.#reference = readReference(at(answer, 'SubscriptionReference'), camera);
    const sync = { ...this.#about(PULL, 'SetSynchronizationPoint'), body: SYNC };
    await this.#tolerate(this.#ask(session, this.#reference.url, sync));
    return this.#granted(answer);
  }

  /** What happened since the last pull, at most `timeoutMs` later. */
  async pull(timeoutMs: number, signal: AbortSignal): Promise<{ notifications: Notification[]; beyond: number }> {
    const deadlineMs = timeoutMs + this.#times.slackMs;
    const session = this.#session({
      deadlineMs,
      requestMs: deadlineMs,
      signal,
      maxBytes: ANSWER_MAX_BYTES,
      polls: true,
    });
    const limit = `<tev:MessageLimit>${MESSAGES_PER_PULL}</tev:MessageLimit>`;
    const body = `<tev:PullMessages><tev:Timeout>${duration(timeoutMs)}</tev:Timeout>${limit}</tev:PullMessages>`;
    return readNotifications(await this.#ask(session, this.#address(), { ...this.#about(PULL, 'PullMessages'), body }));
  }

  /** Resolves with how long it is granted from now on; null when the camera does not renew, and pulls may do it. */
  async renew(signal: AbortSignal): Promise<number | null> {
    const session = this.#session({ ...SESSION_LIMITS, deadlineMs: this.#times.askMs, signal });
    const body = `<wsnt:Renew><wsnt:TerminationTime>${this.#term}</wsnt:TerminationTime></wsnt:Renew>`;
    try {
      return this.#granted(await this.#ask(session, this.#address(), { ...this.#about(SUBSCRIPTION, 'Renew'), body }));
    } catch (error) {
      // Devices disagree on what Renew is (onvif/specs #506). If the subscription is gone, the next pull says so.
      if (isComplaint(error)) return null;
      throw error;
    }
  }

  /** Ends the subscription on the camera, and is tried once: one that is not reached ends by itself. */
  async unsubscribe(signal?: AbortSignal): Promise<void> {
    const reference = this.#reference;
    if (!reference) return;
    const question = { ...this.#about(SUBSCRIPTION, 'Unsubscribe'), body: '<wsnt:Unsubscribe/>' };
    this.#reference = null;
    const session = this.#session({ ...SESSION_LIMITS, deadlineMs: Math.min(2_000, this.#times.askMs), signal });
    await this.#ask(session, reference.url, question);
  }

  #session(options: Omit<SessionOptions, 'login' | 'waits'>): OnvifSession {
    return new OnvifSession(this.#ports, { login: this.#target, waits: true, ...options });
  }

  async #ask(session: OnvifSession, url: string, question: Question): Promise<XmlElement> {
    const { username, password } = this.#target;
    const cameraNowMs = this.#ports.clock.nowMs() + this.#skewMs;
    const operation = /^<\w+:(\w+)/.exec(question.body)?.[1] ?? '';
    const text = envelope(question, question === CLOCK ? null : { username, password, cameraNowMs });
    return await session.send(url, operation, text);
  }

  /** The address of the event service, by the newer question and where that is not known by the older one. */
  async #serviceAddress(session: OnvifSession, camera: URL): Promise<string> {
    const found = await this.#ask(session, camera.href, SERVICES).catch((error: unknown) => {
      if (isComplaint(error)) return null;
      throw error;
    });
    const service = found?.children.find((one) => at(one, 'Namespace')?.text === EVENTS);
    const told =
      at(service, 'XAddr')?.text ??
      at(await this.#ask(session, camera.href, CAPABILITIES), 'Capabilities', 'Events', 'XAddr')?.text;
    const url = told === undefined ? null : atCamera(told, camera);
    if (url) return url.href;
    throw new OnvifError('unsupported', { operation: 'GetServices', detail: 'it has no event service' });
  }

  #about(port: string, operation: string): Omit<Question, 'body'> {
    const { to, echoes } = this.#reference ?? { to: '', echoes: [] };
    return { action: `${port}/${operation}Request`, to, echoes };
  }

  #address(): string {
    if (!this.#reference) throw new OnvifError('device-fault', { detail: 'there is no subscription' });
    return this.#reference.url;
  }

  get #term(): string {
    return duration(this.#times.termMs);
  }

  /** By the camera's own two times, so that a wrong clock does not matter; what it leaves open is as we asked. */
  #granted(answer: XmlElement): number {
    const read = (name: string): number => readTime(at(answer, name)?.text ?? '') ?? Number.NaN;
    const grantedMs = read('TerminationTime') - read('CurrentTime');
    if (!(grantedMs > 0)) return this.#times.termMs;
    return Math.min(this.#times.termMs, Math.max(GRANTED_MIN_MS, grantedMs));
  }

  async #tolerate(asked: Promise<unknown>): Promise<void> {
    await asked.catch((error: unknown) => {
      if (!(error instanceof OnvifError)) throw error;
    });
  }
}

const CLOCK: Question = {
  action: `${DEVICE}/GetSystemDateAndTime`,
  to: DEVICE,
  body: '<tds:GetSystemDateAndTime/>',
};
const SERVICES: Question = {
  action: `${DEVICE}/GetServices`,
  to: DEVICE,
  body: '<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>',
};
const CAPABILITIES: Question = {
  action: `${DEVICE}/GetCapabilities`,
  to: DEVICE,
  body: '<tds:GetCapabilities><tds:Category>All</tds:Category></tds:GetCapabilities>',
};
const SYNC = '<tev:SetSynchronizationPoint/>';

function isComplaint(error: unknown): boolean {
  return error instanceof OnvifError && COMPLAINTS.includes(error.problem);
}

/** An xs:duration of whole seconds, at least one. */
function duration(ms: number): string {
  return `PT${Math.max(1, Math.round(ms / 1_000))}S`;
}

function readReference(reference: XmlElement | undefined, camera: URL): Reference {
  const to = at(reference, 'Address')?.text ?? '';
  const url = atCamera(to, camera);
  const operation = 'CreatePullPointSubscription';
  if (!url) throw new OnvifError('device-fault', { operation, detail: 'it names no address to pull from' });
  const parameters = at(reference, 'ReferenceParameters')?.children ?? [];
  const echoes = parameters.slice(0, ECHOES_MAX).flatMap((element) => {
    const namespace = namespaceOf(element, element.prefix);
    if (!NAME.test(element.name)) return [];
    return [{ name: element.name, namespace: clean(namespace, 256), text: clean(element.text, 256) }];
  });
  return { url: url.href, to, echoes };
}
