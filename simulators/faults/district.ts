import type { Doors } from '../links/link.ts';
import { type NetworkFault, TcpProxy } from './tcp-proxy.ts';

/** Where the proxies listen. */
const HOST = '127.0.0.1';

/** The network of a district: its devices reach the gateway by {@link DistrictNetwork.doors} alone. */
export class DistrictNetwork {
  readonly #proxies: Record<'http' | 'mqtt' | 'mqtts', TcpProxy | null>;
  readonly #doors: Doors;

  /** @param keepsAddress as of {@link TcpProxy} */
  constructor(doors: Doors, keepsAddress: boolean) {
    const { http, mqtt, mqtts } = doors;
    const proxyTo = (to: { host: string; port: number }): TcpProxy => new TcpProxy({ host: HOST, to, keepsAddress });
    const port = Number(http.port) || (http.protocol === 'https:' ? 443 : 80);
    this.#doors = doors;
    this.#proxies = {
      http: proxyTo({ host: http.hostname.replace(/^\[|\]$/g, ''), port }),
      mqtt: proxyTo(mqtt),
      mqtts: mqtts && proxyTo(mqtts),
    };
  }

  /** Once they are started. */
  get doors(): Doors {
    const { http, mqtt, mqtts } = this.#proxies;
    const url = new URL(this.#doors.http);
    // A certificate names the host, so where that is this machine it stays.
    if (url.hostname !== 'localhost') url.hostname = HOST;
    url.port = String(http?.port ?? 0);
    const at = (proxy: TcpProxy | null) => ({ host: HOST, port: proxy?.port ?? 0 });
    return { http: url, mqtt: at(mqtt), mqtts: mqtts && at(mqtts), ca: this.#doors.ca };
  }

  async start(): Promise<void> {
    for (const proxy of this.#all()) await proxy.start();
  }

  /** As {@link TcpProxy.be}. */
  be(fault: NetworkFault | null, delayMs = 0): void {
    for (const proxy of this.#all()) proxy.be(fault, delayMs);
  }

  async stop(): Promise<void> {
    for (const proxy of this.#all()) await proxy.stop();
  }

  #all(): TcpProxy[] {
    return Object.values(this.#proxies).flatMap((proxy) => proxy ?? []);
  }
}
