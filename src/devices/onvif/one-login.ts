import DeviceService from 'node-onvif/lib/modules/service-device.js';
import { CitywatchError } from '../../core/errors.ts';
import type { ShownCertificate } from '../../core/registry/unit.ts';
import { cameraUrl } from './addresses.ts';
import { measureSkew } from './clock-skew.ts';
import {
  blameClock,
  type CameraTarget,
  type Loginable,
  type OpenCamera,
  type OwnQuestion,
  ownEnvelope,
} from './identify.ts';
import { OnvifError, type OnvifProblem } from './problems.ts';
import { type OnvifPorts, OnvifSession, type SessionOptions } from './session.ts';
import { escapeXml, type XmlElement } from './xml.ts';

/** How a camera let us in: `open` asks nobody for a password. */
export type LetIn = 'open' | 'digest' | 'token';

export type OneLoginOptions = Required<Pick<SessionOptions, 'deadlineMs' | 'signal' | 'requestMs' | 'maxBytes'>>;

/** What a camera may answer to who brings no login; nothing of it says that a login was wrong. */
const MAYBE_REFUSALS: readonly OnvifProblem[] = ['auth', 'unsupported', 'device-fault', 'malformed'];

/**
 * A camera that gets at most one login: makers lock out who tries five wrong ones. It is first asked without any, so
 * that it says which sort it wants. Calls throw {@link OnvifError} or `outbound.refused`; a refused login is put down
 * to the clock where that is off. Contacts the one host of `xaddr`.
 */
export class OneLogin {
  readonly #target: CameraTarget;
  readonly #ports: OnvifPorts;
  readonly #options: OneLoginOptions;
  readonly #address: URL;
  readonly #services: Loginable[] = [];
  readonly #device: DeviceService;
  readonly #endMs: number;
  #session: OnvifSession;
  #hasToken = false;
  #skewMs: number | null = null;
  /** Something was told for our login: what is refused from then on is a right, not the password. */
  #proven = false;
  #refused: unknown = null;

  constructor(target: CameraTarget, ports: OnvifPorts, options: OneLoginOptions) {
    const address = cameraUrl(target.xaddr);
    if (!address) throw new CitywatchError('request.invalid', { detail: 'The ONVIF address is not an http address.' });
    this.#target = target;
    this.#ports = ports;
    this.#options = options;
    this.#address = address;
    this.#endMs = ports.clock.monotonicMs() + options.deadlineMs;
    this.#device = new DeviceService({ xaddr: address.href });
    this.#services.push(this.#device);
    this.#session = this.#open('when-asked');
  }

  /** The camera's clock minus ours, asked without a login; null where it does not tell. */
  async clock(): Promise<number | null> {
    const clock = new DeviceService({ xaddr: this.#address.href });
    const session = this.#open('never');
    this.#skewMs = await measureSkew(() => session.call(() => clock.getSystemDateAndTime()), this.#ports.clock);
    return this.#skewMs;
  }

  /** Logs in with the first question that is not for everybody. */
  async login(): Promise<LetIn> {
    await this.call(() => this.#device.getDeviceInformation());
    return this.letIn;
  }

  get certificate(): ShownCertificate | null {
    return this.#session.certificate;
  }

  /** How it let us in so far. */
  get letIn(): LetIn {
    if (this.#hasToken) return 'token';
    return this.#session.answered ? 'digest' : 'open';
  }

  /** For the functions that read a camera; every call of theirs goes through this object. */
  get camera(): OpenCamera {
    return {
      address: this.#address,
      session: this,
      device: this.#device,
      clockSkewMs: this.#skewMs,
      login: (service) => this.#add(service),
      ask: (question) => this.call(async () => ({ response: await this.#own(question) })),
    };
  }

  async call(run: () => Promise<unknown>): Promise<XmlElement> {
    // After a wrong login nothing more is asked, whatever somebody still wants to know.
    if (this.#refused) throw this.#refused;
    try {
      return await this.#ask(run);
    } catch (error) {
      if (!this.#mayUseToken(error)) throw this.#judged(error);
    }
    this.#hasToken = true;
    this.#session = this.#open('never');
    for (const service of this.#services) this.#setAuth(service);
    return await this.#ask(run).catch((error: unknown) => {
      throw this.#judged(error);
    });
  }

  async #ask(run: () => Promise<unknown>): Promise<XmlElement> {
    const answer = await this.#session.call(run);
    this.#proven ||= this.letIn !== 'open';
    return answer;
  }

  send(url: string, operation: string, text: string): Promise<XmlElement> {
    return this.#session.send(url, operation, text);
  }

  #own(question: OwnQuestion): Promise<XmlElement> {
    const cameraNowMs = this.#ports.clock.nowMs() + (this.#skewMs ?? 0);
    const login = this.#hasToken ? { ...this.#target, cameraNowMs } : null;
    return this.#session.send(question.url, question.operation, ownEnvelope(question, login));
  }

  #mayUseToken(error: unknown): boolean {
    const isOpenQuestion = error instanceof OnvifError && MAYBE_REFUSALS.includes(error.problem);
    return isOpenQuestion && !this.#hasToken && !this.#session.answered;
  }

  #judged(error: unknown): unknown {
    const judged = blameClock(error, this.#skewMs);
    if (!this.#proven && error instanceof OnvifError && error.problem === 'auth') this.#refused = judged;
    return judged;
  }

  #add(service: Loginable): void {
    this.#services.push(service);
    if (this.#hasToken) this.#setAuth(service);
  }

  #setAuth(service: Loginable): void {
    service.setAuth(escapeXml(this.#target.username), this.#target.password);
    service.time_diff = this.#skewMs ?? 0;
  }

  #open(digest: NonNullable<SessionOptions['digest']>): OnvifSession {
    const deadlineMs = Math.max(0, this.#endMs - this.#ports.clock.monotonicMs());
    return new OnvifSession(this.#ports, { ...this.#options, login: this.#target, deadlineMs, digest });
  }
}
