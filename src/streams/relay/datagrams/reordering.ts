import { type RtpPacket, readRtp } from '../rtp-packet.ts';

export interface ReorderingOptions {
  /** The sender of the session, where it was told; else that of the first packet. */
  source: number | null;
  taken(packet: Buffer): void;
  /** So many packets will not come any more. */
  lost(packets: number): void;
}

/** A packet that is missing is waited for until so many came after it, or for so long. */
const AHEAD_MAX = 32;
const WAIT_MS = 200;
const WAITING_BYTES_MAX = 512 * 1024;
/** Where numbers leap further, the camera began anew. */
const LEAP = 3_000;

/**
 * Puts the RTP packets of one sender in order. Holds at most 32 packets and 512 KiB; those of other senders, doubled
 * and late ones are left out.
 */
export class Reordering {
  readonly #options: ReorderingOptions;
  readonly #waiting = new Map<number, Buffer>();
  #source: number | null;
  #next: number | null = null;
  #bytes = 0;
  #sinceMs = 0;

  constructor(options: ReorderingOptions) {
    this.#options = options;
    this.#source = options.source;
  }

  /** Takes a datagram that came at `atMs` (monotonic). */
  push(packet: Buffer, atMs: number): void {
    const rtp = readRtp(packet);
    if (!rtp || !this.#isOurs(packet)) return;
    const ahead = this.#aheadOf(rtp);
    if (ahead < 0) return;
    if (ahead === 0) this.#take(packet);
    else this.#keep(rtp.sequence, packet, atMs);
    while (this.#isOverdue(atMs)) this.#giveUp(atMs);
  }

  #isOurs(packet: Buffer): boolean {
    const source = packet.readUInt32BE(8);
    this.#source ??= source;
    return source === this.#source;
  }

  /** Packets that are missing before this one; negative for one that came too late. */
  #aheadOf({ sequence }: RtpPacket): number {
    this.#next ??= sequence;
    const ahead = ((sequence - this.#next + 0x8000) & 0xffff) - 0x8000;
    if (Math.abs(ahead) < LEAP) return ahead;
    this.#forget();
    this.#next = sequence;
    return 0;
  }

  #keep(sequence: number, packet: Buffer, atMs: number): void {
    if (this.#waiting.size === 0) this.#sinceMs = atMs;
    if (this.#waiting.has(sequence)) return;
    this.#waiting.set(sequence, packet);
    this.#bytes += packet.length;
  }

  #isOverdue(atMs: number): boolean {
    if (this.#waiting.size === 0) return false;
    const isFull = this.#waiting.size >= AHEAD_MAX || this.#bytes > WAITING_BYTES_MAX;
    return isFull || atMs - this.#sinceMs >= WAIT_MS;
  }

  /** Goes on at the next packet that is there. */
  #giveUp(atMs: number): void {
    let missing = 0;
    while (!this.#waiting.has(this.#next!)) {
      missing += 1;
      this.#next = (this.#next! + 1) & 0xffff;
    }
    this.#options.lost(missing);
    this.#sinceMs = atMs;
    this.#flow();
  }

  #take(packet: Buffer): void {
    this.#next = (this.#next! + 1) & 0xffff;
    this.#options.taken(packet);
    this.#flow();
  }

  #flow(): void {
    for (let packet = this.#waiting.get(this.#next!); packet; packet = this.#waiting.get(this.#next!)) {
      this.#waiting.delete(this.#next!);
      this.#bytes -= packet.length;
      this.#next = (this.#next! + 1) & 0xffff;
      this.#options.taken(packet);
    }
  }

  #forget(): void {
    this.#waiting.clear();
    this.#bytes = 0;
  }
}
