import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { type Cidr, Networks } from './networks.ts';

export interface UdpOutboundDeps {
  /** The only addresses that may be contacted, and that are listened to. */
  networks: readonly Cidr[];
  /** The setting a refusal names. */
  setting: string;
}

export interface UdpOptions {
  /** The own address that is sent from, and whose network interface carries the group; any where none is told. */
  address?: string;
  /** The own port; any free one where none is told. Others may have the same one open. */
  port?: number;
  /** An IPv4 multicast group, and the own addresses of the interfaces on which it is listened to. */
  group?: { address: string; on: readonly string[] };
  /** Largest datagram that is taken; larger ones count as dropped. */
  maxBytes: number;
  hear(bytes: Buffer, from: string): void;
}

/** Answers of a whole district come at once; the usual buffer loses half of them. The system may give less. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Datagrams to and from addresses of the networks alone; a group is asked on its own link and not beyond. */
export class UdpOutbound {
  readonly #networks: Networks;
  readonly #setting: string;

  constructor({ networks, setting }: UdpOutboundDeps) {
    this.#networks = new Networks(networks);
    this.#setting = setting;
  }

  /** The own IPv4 addresses that lie in the networks, one for each network interface. */
  ownAddresses(): string[] {
    return Object.values(networkInterfaces()).flatMap((all = []) => {
      const own = all.find(({ family, address }) => family === 'IPv4' && this.#networks.has(address));
      return own ? [own.address] : [];
    });
  }

  /** Errors: `outbound.failed` where the port or an interface cannot be used. */
  async open(options: UdpOptions): Promise<UdpSocket> {
    const socket = createSocket({ type: 'udp4', reuseAddr: options.port !== undefined });
    try {
      await bound(socket, options);
      return new UdpSocket(socket, options, { networks: this.#networks, setting: this.#setting });
    } catch (error) {
      socket.close();
      throw new CitywatchError('outbound.failed', { detail: `UDP: ${messageOf(error)}.`, cause: error });
    }
  }
}

async function bound(socket: Socket, { address, port = 0, group }: UdpOptions): Promise<void> {
  // A socket of a port that all share hears groups alone where it is bound to none of the own addresses.
  const host = port === 0 ? address : undefined;
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port, ...(host === undefined ? {} : { address: host }) }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  socket.on('error', () => {});
  socket.setMulticastTTL(1);
  if (address !== undefined) socket.setMulticastInterface(address);
  for (const own of group?.on ?? []) socket.addMembership(group?.address ?? '', own);
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // Smaller buffers lose answers, which is why whoever asks asks again.
  }
}

/** One open socket; whoever opened it closes it. */
export class UdpSocket {
  readonly #socket: Socket;
  readonly #allowed: { networks: Networks; setting: string };
  /** Datagrams that were not looked at: too large, or from outside of the networks. */
  dropped = 0;

  constructor(socket: Socket, { hear, maxBytes }: UdpOptions, allowed: { networks: Networks; setting: string }) {
    this.#socket = socket;
    this.#allowed = allowed;
    socket.on('message', (bytes, { address }) => {
      if (bytes.length > maxBytes || !allowed.networks.has(address)) this.dropped += 1;
      else hear(bytes, address);
    });
  }

  /** The own port. */
  get port(): number {
    return this.#socket.address().port;
  }

  /** Asks a group on the link of the own address. What does not get there is lost, as datagrams may be. */
  ask(group: { address: string; port: number }, bytes: Buffer): void {
    if (!/^239\./.test(group.address)) throw new RangeError(`${group.address} is no group of an own link`);
    this.#socket.send(bytes, group.port, group.address, () => {});
  }

  /** Errors: `outbound.refused` for an address outside of the networks, to which nothing is sent. */
  send({ address, port }: { address: string; port: number }, bytes: Buffer): void {
    const { networks, setting } = this.#allowed;
    if (!networks.has(address)) {
      const remedy = `add its network to ${setting} if it is a camera`;
      throw new CitywatchError('outbound.refused', { detail: `${address} may not be contacted: ${remedy}.` });
    }
    this.#socket.send(bytes, port, address, () => {});
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
