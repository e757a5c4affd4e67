import { createSocket } from 'node:dgram';

/** Sends datagrams from an address of its own. */
export class DatagramSender {
  readonly #socket = createSocket('udp4');
  readonly #to: { address: string; port: number };
  #closed = false;
  readonly #bound: Promise<void>;

  constructor(host: string, to: { address: string; port: number }) {
    this.#to = to;
    this.#bound = new Promise((resolve) => this.#socket.bind(0, host, resolve));
  }

  send(packets: readonly Buffer[]): void {
    void this.#bound.then(() => {
      const { address, port } = this.#to;
      for (const packet of this.#closed ? [] : packets) this.#socket.send(packet, port, address, () => {});
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.#bound.then(() => this.#socket.close());
  }
}

/** The packets in interleaved frames. */
export function packetsIn(frames: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at < frames.length; at += 4 + frames.readUInt16BE(at + 2)) {
    packets.push(frames.subarray(at + 4, at + 4 + frames.readUInt16BE(at + 2)));
  }
  return packets;
}
