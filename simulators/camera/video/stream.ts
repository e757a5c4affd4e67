import { randomInt } from 'node:crypto';
import { cutIntoPackets, type PacketTemplate, senderReport, stampPackets } from '../rtsp/rtp.ts';
import { type AccessUnit, codecOf, setsOf, type VideoParameters, type VideoSource } from './video.ts';

/** One connection that plays. */
export interface Player {
  /** Interleaved channel of the RTP packets; RTCP goes on the next one. */
  channel: number;
  write(bytes: Buffer): void;
  /** Bytes that the connection has not taken yet. */
  backlogBytes(): number;
}

/** A player this far behind gets nothing until the next key frame, as cameras with a small buffer do. */
const BACKLOG_MAX_BYTES = 2 * 1024 * 1024;
const REPORT_EVERY_MS = 5_000;

/** Cut once per picture of a clip, however many cameras and players send it. Keyed by the list, which loops keep. */
const templates = new WeakMap<Buffer[], PacketTemplate>();

/** Sends the pictures of one source to every player of one camera and quality. */
export class Stream {
  readonly #source: VideoSource;
  readonly #players = new Map<Player, { waiting: boolean }>();
  readonly #ssrc = randomInt(2 ** 32);
  readonly #timestampBase = randomInt(2 ** 31);
  #sequence = randomInt(2 ** 15);
  #parameters: VideoParameters | null = null;
  #unwant: (() => void) | null = null;
  #packets = 0;
  #octets = 0;
  #reportedAtMs = 0;
  /** Pictures go nowhere while true: a camera that is connected and shows nothing. */
  muted = false;
  /** Players that were too slow and lost pictures. */
  dropped = 0;

  constructor(source: VideoSource) {
    this.#source = source;
  }

  get players(): number {
    return this.#players.size;
  }

  async parameters(): Promise<VideoParameters> {
    this.#parameters = await this.#source.parameters();
    return this.#parameters;
  }

  play(player: Player): void {
    this.#players.set(player, { waiting: true });
    this.#unwant ??= this.#source.want((unit) => this.#send(unit));
  }

  leave(player: Player): void {
    this.#players.delete(player);
    if (this.#players.size > 0) return;
    this.#unwant?.();
    this.#unwant = null;
  }

  async stop(): Promise<void> {
    this.#players.clear();
    await this.#source.stop();
  }

  #send(unit: AccessUnit): void {
    const template = this.#template(unit);
    const sequence = this.#sequence;
    const timestamp = this.#timestampBase + unit.atTicks;
    this.#sequence = (sequence + template.starts.length) & 0xffff;
    this.#packets += template.starts.length;
    this.#octets += template.bytes.length;
    if (this.muted) return;
    const report = this.#reportDue();
    let stamped: Buffer | null = null;
    let channel = -1;
    for (const [player, state] of this.#players) {
      if (state.waiting && !unit.key) continue;
      state.waiting = player.backlogBytes() > BACKLOG_MAX_BYTES;
      if (state.waiting) {
        this.dropped += 1;
        continue;
      }
      if (!stamped || channel !== player.channel) {
        channel = player.channel;
        stamped = stampPackets(template, { channel, sequence, timestamp, ssrc: this.#ssrc });
      }
      player.write(stamped);
      if (report) player.write(this.#report(player.channel + 1, timestamp));
    }
  }

  /** The sets of parameters go before each key frame as well, so that a player that missed the SDP can still begin. */
  #template(unit: AccessUnit): PacketTemplate {
    const known = templates.get(unit.nals);
    if (known) return known;
    const head = unit.key && this.#parameters ? setsOf(this.#parameters) : [];
    const codec = codecOf(this.#parameters ?? {});
    const template = cutIntoPackets({ ...unit, nals: [...head, ...unit.nals] }, codec);
    templates.set(unit.nals, template);
    return template;
  }

  #reportDue(): boolean {
    const nowMs = Date.now();
    if (nowMs - this.#reportedAtMs < REPORT_EVERY_MS) return false;
    this.#reportedAtMs = nowMs;
    return true;
  }

  #report(channel: number, timestamp: number): Buffer {
    const counts = { packets: this.#packets, octets: this.#octets };
    return senderReport({ channel, sequence: 0, timestamp, ssrc: this.#ssrc, atMs: Date.now(), ...counts });
  }
}
