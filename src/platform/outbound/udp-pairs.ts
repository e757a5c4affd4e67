import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { CitywatchError } from '../../core/errors.ts';

/** Own ports at which cameras may send media; both included. */
export interface PortRange {
  first: number;
  last: number;
}

export interface UdpPairOptions {
  /** The only address that is listened to, and the own one that it sends to. */
  from: string;
  at: string;
  /** Takes a datagram: of the even port (media), or of the odd one above it (reports). */
  hear(bytes: Buffer, port: 'media' | 'reports'): void;
}

/** Two ports that follow each other, the first one even (RFC 3550 §11). */
export interface UdpPair {
  ports: readonly [number, number];
  /** Datagrams that were not looked at: too large, or of somebody else. */
  readonly strangers: number;
  close(): void;
}

/** Media of a fast camera come in bursts. The system may give less. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;
const DATAGRAM_BYTES_MAX = 16 * 1024;

/** Pairs of ports within a range that only hear; nothing is ever sent from them. */
export class UdpPairs {
  readonly #range: PortRange;
  #next: number;

  constructor(range: PortRange) {
    this.#range = range;
    this.#next = range.first + (range.first % 2);
  }

  /** Errors: `outbound.failed` where no pair of the range is free. */
  async open(options: UdpPairOptions): Promise<UdpPair> {
    const { first, last } = this.#range;
    for (let tried = 0; tried < (last - first) / 2; tried += 1) {
      if (this.#next + 1 > last) this.#next = first + (first % 2);
      const port = this.#next;
      this.#next += 2;
      const pair = await openPair(port, options);
      if (pair) return pair;
    }
    throw new CitywatchError('outbound.failed', { detail: `UDP: no two ports of ${first} to ${last} are free.` });
  }
}

async function openPair(port: number, options: UdpPairOptions): Promise<UdpPair | null> {
  const media = await bound(port, options.at);
  const reports = media && (await bound(port + 1, options.at));
  if (!media || !reports) {
    media?.close();
    return null;
  }
  let strangers = 0;
  const listen = (socket: Socket, kind: 'media' | 'reports') => {
    socket.on('message', (bytes, { address }) => {
      if (address !== options.from || bytes.length > DATAGRAM_BYTES_MAX) strangers += 1;
      else options.hear(bytes, kind);
    });
  };
  listen(media, 'media');
  listen(reports, 'reports');
  return {
    ports: [port, port + 1],
    get strangers() {
      return strangers;
    },
    close: () => {
      media.close();
      reports.close();
    },
  };
}

/** Null where somebody has the port already. */
function bound(port: number, address: string): Promise<Socket | null> {
  const socket = createSocket({ type: isIP(address) === 6 ? 'udp6' : 'udp4' });
  return new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(null);
    });
    socket.bind({ port, address, exclusive: true }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      try {
        socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
      } catch {
        // A smaller buffer loses more of a burst, and what is lost is counted.
      }
      resolve(socket);
    });
  });
}
