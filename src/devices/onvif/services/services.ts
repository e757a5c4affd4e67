import { CitywatchError } from '../../../core/errors.ts';
import { atCamera, cameraUrl } from '../addresses.ts';
import { measureSkew } from '../clock-skew.ts';
import { envelope } from '../envelope.ts';
import { blameClock, type CameraTarget } from '../identify.ts';
import { OnvifError } from '../problems.ts';
import { type OnvifPorts, OnvifSession, SESSION_LIMITS } from '../session.ts';
import { at, type XmlElement } from '../xml.ts';

/** The services that are asked for; each under its own name space. */
export type ServiceName = 'device' | 'media' | 'media2' | 'ptz' | 'imaging' | 'search' | 'replay';

interface Service {
  namespace: string;
  /** As {@link envelope} declares it. */
  prefix: string;
  /** Where `GetCapabilities` tells it; null for a service that is newer than that question. */
  capability: readonly string[] | null;
  /** For people. */
  title: string;
}

const SERVICES: Readonly<Record<ServiceName, Service>> = {
  device: { namespace: 'ver10/device', prefix: 'tds', capability: ['Device'], title: 'device' },
  media: { namespace: 'ver10/media', prefix: 'trt', capability: ['Media'], title: 'media' },
  media2: { namespace: 'ver20/media', prefix: 'tr2', capability: null, title: 'Media2' },
  ptz: { namespace: 'ver20/ptz', prefix: 'tptz', capability: ['PTZ'], title: 'PTZ' },
  imaging: { namespace: 'ver20/imaging', prefix: 'timg', capability: ['Imaging'], title: 'imaging' },
  search: {
    namespace: 'ver10/search',
    prefix: 'tse',
    capability: ['Extension', 'Search'],
    title: 'recording search',
  },
  replay: { namespace: 'ver10/replay', prefix: 'trp', capability: ['Extension', 'Replay'], title: 'replay' },
};

const NAMES = Object.keys(SERVICES) as ServiceName[];

export interface AskOptions {
  /** For this one answer, also where the connection waits. */
  deadlineMs: number;
  signal?: AbortSignal;
}

/**
 * A camera of which it is known what services it has and how far its clock is off. Each question has a deadline of its
 * own; the login goes along as a token for the camera's clock, and by HTTP digest where that is asked for.
 */
export class CameraServices {
  readonly #target: CameraTarget;
  readonly #ports: OnvifPorts;
  readonly #urls: ReadonlyMap<ServiceName, string>;
  readonly #skewMs: number | null;

  private constructor(
    target: CameraTarget,
    ports: OnvifPorts,
    { urls, skewMs }: { urls: ReadonlyMap<ServiceName, string>; skewMs: number | null },
  ) {
    this.#target = target;
    this.#ports = ports;
    this.#urls = urls;
    this.#skewMs = skewMs;
  }

  /** Asks for the clock and the services. Throws {@link OnvifError}, `outbound.refused`, `request.invalid`. */
  static async open(target: CameraTarget, ports: OnvifPorts, how: AskOptions): Promise<CameraServices> {
    const address = cameraUrl(target.xaddr);
    if (!address) throw new CitywatchError('request.invalid', { detail: 'The ONVIF address is not an http address.' });
    const own = new Map<ServiceName, string>([['device', address.href]]);
    const stranger = new CameraServices(target, ports, { urls: own, skewMs: null });
    const skewMs = await measureSkew(() => stranger.#openly('GetSystemDateAndTime', how), ports.clock);
    const open = new CameraServices(target, ports, { urls: own, skewMs });
    return new CameraServices(target, ports, {
      urls: new Map([...(await open.#services(address, how)), ...own]),
      skewMs,
    });
  }

  /** The camera's clock minus ours; null where it does not tell. */
  get skewMs(): number | null {
    return this.#skewMs;
  }

  has(service: ServiceName): boolean {
    return this.#urls.has(service);
  }

  /**
   * The `...Response` element of one operation; `body` is what stands inside its element, in which text is escaped.
   * Throws {@link OnvifError}, and `conflict.state` where the camera lacks the service or the operation.
   */
  async ask(service: ServiceName, operation: string, body: string, how: AskOptions): Promise<XmlElement> {
    const { title, prefix, namespace } = SERVICES[service];
    const url = this.#urls.get(service);
    if (url === undefined) throw lacks(`The camera has no ${title} service.`);
    const content = `<${prefix}:${operation}>${body}</${prefix}:${operation}>`;
    const question = { action: `http://www.onvif.org/${namespace}/wsdl/${operation}`, to: url, body: content };
    const cameraNowMs = this.#ports.clock.nowMs() + (this.#skewMs ?? 0);
    try {
      return await this.#session(how).send(url, operation, envelope(question, { ...this.#target, cameraNowMs }));
    } catch (error) {
      if (error instanceof OnvifError && error.problem === 'unsupported') {
        throw lacks(`The camera has a ${title} service without ${operation}.`);
      }
      throw blameClock(error, this.#skewMs);
    }
  }

  async #services(address: URL, how: AskOptions): Promise<[ServiceName, string][]> {
    const found = await this.#told('GetServices', '<tds:IncludeCapability>false</tds:IncludeCapability>', how);
    const told = (found?.children ?? []).flatMap((one): [ServiceName, string][] => {
      const namespace = at(one, 'Namespace')?.text.trim();
      const name = NAMES.find((known) => `http://www.onvif.org/${SERVICES[known].namespace}/wsdl` === namespace);
      const url = atCamera(at(one, 'XAddr')?.text ?? '', address);
      return name && url ? [[name, url.href]] : [];
    });
    if (told.length > 0) return told;
    const all = at(
      await this.ask('device', 'GetCapabilities', '<tds:Category>All</tds:Category>', how),
      'Capabilities',
    );
    return NAMES.flatMap((name): [ServiceName, string][] => {
      const { capability } = SERVICES[name];
      const url = capability === null ? null : atCamera(at(all, ...capability, 'XAddr')?.text ?? '', address);
      return url ? [[name, url.href]] : [];
    });
  }

  /** Old cameras do not know the question. */
  async #told(operation: string, body: string, how: AskOptions): Promise<XmlElement | null> {
    try {
      return await this.ask('device', operation, body, how);
    } catch (error) {
      const isLacking = error instanceof CitywatchError && error.code === 'conflict.state';
      const isOdd = error instanceof OnvifError && ['device-fault', 'malformed'].includes(error.problem);
      if (isLacking || isOdd) return null;
      throw error;
    }
  }

  #openly(operation: string, how: AskOptions): Promise<XmlElement> {
    const url = this.#urls.get('device') ?? '';
    const body = `<tds:${operation}/>`;
    const question = { action: `http://www.onvif.org/${SERVICES.device.namespace}/wsdl/${operation}`, to: url, body };
    return this.#session(how).send(url, operation, envelope(question, null));
  }

  #session({ deadlineMs, signal }: AskOptions): OnvifSession {
    const options = { ...SESSION_LIMITS, login: this.#target, deadlineMs, requestMs: deadlineMs, signal };
    return new OnvifSession(this.#ports, options);
  }
}

/** What the camera cannot do is no fault of its network: the caller is told plainly. */
export function lacks(detail: string): CitywatchError {
  return new CitywatchError('conflict.state', { detail });
}
