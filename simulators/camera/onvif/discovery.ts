import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { CameraIdentity } from './device-service.ts';
import { cameraScopes } from './device-service.ts';
import { escapeXml, leaf, parseRequest, pick, textOf } from './soap.ts';

const GROUP = '239.255.255.250';
const PORT = 3702;

/** What a camera tells to anybody on its network. */
export interface Discoverable {
  address: string;
  xaddr: string;
  alive: boolean;
  identity: CameraIdentity;
  name: string;
}

/**
 * Answers WS-Discovery probes for every camera that is alive, each from its own address: clients compare the sender
 * with the address in the answer. Needs the multicast port of the machine, so it runs only when asked for.
 */
export class DiscoveryResponder {
  readonly #cameras: () => Iterable<Discoverable>;
  readonly #answersAfterMs: number;
  readonly #answering = new Set<NodeJS.Timeout>();
  #socket: Socket | null = null;

  /** Cameras answer within half a second (WS-Discovery, APP_MAX_DELAY); these so long after a probe. */
  constructor(cameras: () => Iterable<Discoverable>, answersAfterMs = 0) {
    this.#cameras = cameras;
    this.#answersAfterMs = answersAfterMs;
  }

  /** `interfaceAddress` names the network interface whose probes are heard. */
  async start(interfaceAddress: string): Promise<void> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    this.#socket = socket;
    socket.on('message', (message, from) => this.#hear(message, from));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(PORT, resolve);
    });
    socket.addMembership(GROUP, interfaceAddress);
    socket.on('error', () => {});
  }

  async stop(): Promise<void> {
    for (const timer of this.#answering) clearTimeout(timer);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) await new Promise<void>((resolve) => socket.close(resolve));
  }

  /** A camera tells everybody on the link of its own address that it came, or that it goes. */
  async announce(what: 'Hello' | 'Bye', camera: Discoverable): Promise<void> {
    const socket = createSocket('udp4');
    socket.on('error', () => socket.close());
    await new Promise<void>((resolve) => socket.bind(0, camera.address, resolve));
    socket.setMulticastInterface(camera.address);
    await new Promise<void>((resolve) => {
      socket.send(announcement(what, camera), PORT, GROUP, () => socket.close(() => resolve()));
    });
  }

  #hear(message: Buffer, from: { address: string; port: number }): void {
    const probe = parseRequest(message.toString('utf8'));
    if (probe?.operation !== 'Probe') return;
    const types = textOf(pick(probe.body, 'Types'));
    if (types !== '' && !/(NetworkVideoTransmitter|Device)\b/.test(types)) return;
    for (const camera of this.#cameras()) {
      if (camera.alive) this.#soon(() => this.#reply(camera, probe.messageId ?? '', from));
    }
  }

  #soon(answer: () => void): void {
    if (this.#answersAfterMs === 0) {
      answer();
      return;
    }
    const timer = setTimeout(() => {
      this.#answering.delete(timer);
      answer();
    }, this.#answersAfterMs);
    this.#answering.add(timer);
  }

  #reply(camera: Discoverable, relatesTo: string, to: { address: string; port: number }): void {
    const socket = createSocket('udp4');
    socket.on('error', () => socket.close());
    socket.bind(0, camera.address, () => {
      socket.send(probeMatches(camera, relatesTo), to.port, to.address, () => socket.close());
    });
  }
}

function probeMatches(camera: Discoverable, relatesTo: string): Buffer {
  const header =
    `<wsa:MessageID>urn:uuid:${randomUUID()}</wsa:MessageID><wsa:RelatesTo>${escapeXml(relatesTo)}</wsa:RelatesTo>` +
    '<wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To>' +
    '<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action>';
  const body = `<d:ProbeMatches><d:ProbeMatch>${described(camera)}</d:ProbeMatch></d:ProbeMatches>`;
  return datagram(header, body);
}

function announcement(what: 'Hello' | 'Bye', camera: Discoverable): Buffer {
  const header =
    `<wsa:MessageID>urn:uuid:${randomUUID()}</wsa:MessageID>` +
    '<wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>' +
    `<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/${what}</wsa:Action>`;
  return datagram(header, `<d:${what}>${described(camera)}</d:${what}>`);
}

function described(camera: Discoverable): string {
  return (
    `<wsa:EndpointReference><wsa:Address>${camera.identity.endpoint}</wsa:Address></wsa:EndpointReference>` +
    leaf('d:Types', 'dn:NetworkVideoTransmitter tds:Device') +
    leaf('d:Scopes', cameraScopes(camera).join(' ')) +
    leaf('d:XAddrs', camera.xaddr) +
    leaf('d:MetadataVersion', 1)
  );
}

function datagram(header: string, body: string): Buffer {
  const soap = 'xmlns:env="http://www.w3.org/2003/05/soap-envelope"';
  const addressing = 'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"';
  const discovery = 'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"';
  const network =
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"';
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope ${soap} ${addressing} ${discovery} ${network}>` +
      `<env:Header>${header}</env:Header><env:Body>${body}</env:Body></env:Envelope>`,
  );
}
