import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSealedServer } from 'node:https';
import { Door } from '../door.ts';
import { type Accounts, AuthCheck } from './digest.ts';
import type { CameraFaults } from './faults.ts';
import { misbehave } from './misbehave.ts';
import { answerDevice, type DeviceFacts, OPEN_OPERATIONS, type ServiceName } from './onvif/device-service.ts';
import { EventService } from './onvif/event-service.ts';
import type { HeadService } from './onvif/head-service.ts';
import { answerImaging } from './onvif/imaging-service.ts';
import { answerMedia, type MediaFacts } from './onvif/media-service.ts';
import { answerMedia2 } from './onvif/media2-service.ts';
import { followOrder } from './onvif/own-service.ts';
import { pictureOf } from './onvif/settings.ts';
import { envelope, operationUnknown, parseRequest, SoapFault, type SoapRequest } from './onvif/soap.ts';
import type { StorageServices } from './onvif/storage-services.ts';
import { TokenCheck } from './onvif/wsse.ts';
import type { Users } from './users.ts';

export interface WebServerDeps {
  device(): DeviceFacts;
  media(): MediaFacts;
  events: EventService;
  /** Null for a camera that does not move. */
  head: HeadService | null;
  /** Null for a camera without a card. */
  storage: StorageServices | null;
  accounts: Accounts;
  users: Users;
  faults(): CameraFaults;
  snapshot(): Promise<Buffer>;
  /** As {@link OwnPorts}. */
  reboot(): void;
}

export interface WebServerOptions {
  host: string;
  port: number;
  /**
   * `wsse`: UsernameToken in the envelope; `digest`: HTTP digest (Profile T); `both`: whichever the client brings;
   * `none`: everybody is told everything.
   */
  auth: 'wsse' | 'digest' | 'both' | 'none';
  /** What it shows over TLS; null speaks plainly. */
  certificate: Certificate | null;
}

/** Both as PEM. */
export interface Certificate {
  key: string;
  cert: string;
}

const BODY_MAX_BYTES = 256 * 1024;

/** The camera's ONVIF services and its snapshot page. May be closed and opened on the same port. */
export class WebServer {
  readonly #deps: WebServerDeps;
  readonly #options: WebServerOptions;
  readonly #tokens = new TokenCheck();
  readonly #digest = new AuthCheck({ realm: 'virtual-camera', scheme: 'digest', qop: true });
  readonly #door: Door;
  /** Operations asked for, newest last; bounded. */
  readonly requests: string[] = [];

  constructor(deps: WebServerDeps, options: WebServerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#door = new Door(options.host, options.port);
  }

  get port(): number {
    return this.#door.port;
  }

  async open(): Promise<void> {
    const { certificate } = this.#options;
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch(() => response.destroy());
    };
    await this.#door.open(certificate ? createSealedServer(certificate, serve) : createServer(serve));
  }

  close(): Promise<void> {
    return this.#door.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const path = (request.url ?? '').split('?')[0] ?? '';
    const { web } = this.#deps.faults();
    if (web && misbehave(web, response)) return;
    if (/^(\/ch\d+)?\/snapshot\.jpg$/.test(path)) return this.#snapshot(request, response);
    if (request.method !== 'POST' || !(this.#services.includes(path) || EventService.serves(path))) {
      response.writeHead(404).end();
      return;
    }
    await this.#soap(request, response, body);
  }

  async #soap(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    try {
      const soap = parseRequest(body);
      if (!soap) throw new SoapFault(400, 'Sender', ['WellFormed'], 'Well-formed Error');
      this.requests.push(soap.operation);
      if (this.requests.length > 1_000) this.requests.shift();
      if (!this.#admit(request, response, soap)) return;
      send(response, 200, envelope(await this.#answer(request.url ?? '', soap)));
    } catch (error) {
      const fault = error instanceof SoapFault ? error : new SoapFault(500, 'Receiver', ['Action'], 'Action Failed');
      send(response, fault.status, fault.toXml());
    }
  }

  async #answer(url: string, soap: SoapRequest): Promise<string> {
    const device = this.#deps.device();
    const foreign = this.#deps.faults().web === 'foreign-host';
    const path = url.split('?')[0] ?? '';
    const answer = EventService.serves(path)
      ? await this.#deps.events.answer(path, soap)
      : this.#answerAt(/^\/onvif\/(\w+)_service$/.exec(path)?.[1], soap, device);
    return foreign ? answer.replaceAll(device.address, '192.0.2.99') : answer;
  }

  #answerAt(service: string | undefined, soap: SoapRequest, device: DeviceFacts): string {
    const { head, media, reboot, storage, users } = this.#deps;
    const { settings } = device;
    const services: Record<string, () => string | undefined> = {
      device: () => {
        const ofUsers = users.answer(soap);
        if (ofUsers !== null) return `<tds:${soap.operation}Response>${ofUsers}</tds:${soap.operation}Response>`;
        return followOrder(soap, { settings, reboot }) ?? answerDevice(soap.operation, device);
      },
      media: () => answerMedia(soap.operation, media(), soap.body),
      media2: () => {
        if (this.#deps.faults().media2Fails) throw new SoapFault(500, 'Receiver', ['Action'], 'Action Failed');
        return answerMedia2(soap, media());
      },
      imaging: () => {
        const sources = media().eyes.map((eye) => eye.source);
        return answerImaging(soap, (source) => pictureOf(settings, sources, source));
      },
      ptz: () => head?.answer(soap),
      search: () => storage?.search(soap),
      replay: () => storage?.replay(soap),
    };
    const answer = services[service ?? '']?.();
    if (answer === undefined) throw operationUnknown();
    return answer;
  }

  get #services(): string[] {
    const names: readonly ('device' | ServiceName)[] = ['device', ...this.#deps.device().services];
    return names.map((name) => `/onvif/${name}_service`);
  }

  /** True when the caller may go on; otherwise the refusal has been sent. */
  #admit(request: IncomingMessage, response: ServerResponse, soap: SoapRequest): boolean {
    if (OPEN_OPERATIONS.has(soap.operation)) return true;
    const { auth } = this.#options;
    if (auth === 'none') return true;
    if (soap.token && auth !== 'digest') {
      const { accounts, device } = this.#deps;
      const verdict = this.#tokens.check(soap.token, accounts.find(soap.token.username), device().nowMs);
      if (verdict === 'right') return true;
      if (verdict === 'wrong') accounts.wrong();
    }
    if (auth === 'wsse' || (soap.token && auth === 'both')) {
      throw new SoapFault(400, 'Sender', ['NotAuthorized'], 'Sender not Authorized');
    }
    return this.#admitByDigest(request, response);
  }

  #admitByDigest(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = '', url = '', headers } = request;
    const question = { method, uri: url, authorization: headers.authorization };
    const challenge = this.#digest.challenge(this.#deps.accounts, question);
    if (challenge) response.writeHead(401, { 'WWW-Authenticate': challenge }).end();
    return challenge === null;
  }

  async #snapshot(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#admitByDigest(request, response)) return;
    const picture = await this.#deps.snapshot().catch(() => null);
    if (!picture) response.writeHead(503).end();
    else response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': picture.length }).end(picture);
  }
}

/** With its length: clients built on old HTTP code (libonvif) do not understand chunks. */
function send(response: ServerResponse, status: number, xml: string): void {
  const length = Buffer.byteLength(xml);
  response.writeHead(status, { 'Content-Type': 'application/soap+xml; charset=utf-8', 'Content-Length': length });
  response.end(xml);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw new Error('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
