import type { Clock } from '../../../core/clock.ts';
import { internalMessage } from '../../../core/internal-records.ts';
import { NATIONWIDE } from '../../../core/jurisdiction.ts';
import type { DecodedMessage, DeviceId, DeviceIdentity, Message, NewMessage } from '../../../core/types.ts';
import type { PlateSeen, Watch, WatchHit } from '../conditions/condition.ts';
import type { RecordedLine } from './recorded-file.ts';

/** Decodes messages that no journal has, in their order; what was seen before is marked as a duplicate. */
export interface UnheardPort {
  begin(): { decode(message: Message): DecodedMessage };
}

/** What became of the lines of a recorded file. */
export interface RecordedCounts {
  id: string;
  /** That were gone through. */
  lines: number;
  /** Of devices that are not in the registry, or not in the area of the caller. */
  leftOut: number;
  /** Messages, or records of one, that do not fit the kind of their device; the first of them. */
  refused: number;
  refusals: { line: number; reason: string; path: string }[];
}

const REFUSALS_MAX = 20;
/** As long as was worked, so that what comes in has the processor at least half of the time; at most this long. */
const REST_MS_MAX = 50;

export interface RecordedSourceDeps {
  id: string;
  lines: AsyncIterable<RecordedLine[]>;
  unheard: UnheardPort;
  clock: Clock;
  /** Who the device is now; undefined for one that the caller may not see, or nobody knows. */
  theirs(device: DeviceId): DeviceIdentity | undefined;
  /** Kinds whose messages are asked for. */
  kinds: ReadonlySet<string>;
}

/** The messages of a recorded file, as if they had been received when the file says so. */
export class RecordedSource {
  readonly counts: RecordedCounts;
  readonly #deps: RecordedSourceDeps;

  constructor(deps: RecordedSourceDeps) {
    this.#deps = deps;
    this.counts = { id: deps.id, lines: 0, leftOut: 0, refused: 0, refusals: [] };
  }

  async *decoded(): AsyncGenerator<DecodedMessage[]> {
    const { lines, unheard, clock } = this.#deps;
    const decoder = unheard.begin();
    for await (const some of lines) {
      const beganMs = clock.monotonicMs();
      const portion: DecodedMessage[] = [];
      for (const line of some) {
        const message = this.#messageOf(line);
        if (!message) continue;
        const decoded = decoder.decode(message);
        this.#count(line.line, decoded);
        portion.push(decoded);
      }
      this.counts.lines += some.length;
      if (portion.length > 0) yield portion;
      await clock.sleep(Math.min(REST_MS_MAX, clock.monotonicMs() - beganMs));
    }
  }

  #messageOf({ line, receivedAtMs, said }: RecordedLine): Message | null {
    if (said.by === 'gateway') return inJournal(wordOfGateway(said.word, receivedAtMs), line);
    const device = this.#deps.theirs(said.device);
    if (!device) {
      this.counts.leftOut += 1;
      return null;
    }
    if (!this.#deps.kinds.has(device.kind)) return null;
    const { channel, raw } = said;
    const message: NewMessage = {
      receivedAtMs,
      uplink: 'file',
      channel,
      topic: `cw/v1/${device.id}/${channel}`,
      device,
      connection: 'file',
      packetId: 0,
      dup: false,
      raw,
    };
    return inJournal(message, line);
  }

  #count(line: number, { refusals }: DecodedMessage): void {
    this.counts.refused += refusals.length;
    for (const { reason, path } of refusals) {
      if (this.counts.refusals.length === REFUSALS_MAX) return;
      this.counts.refusals.push({ line, reason, path });
    }
  }
}

/** The number of its line is its place. */
function inJournal(message: NewMessage, line: number): Message {
  return { ...message, lane: 'live', incarnation: 'file', offset: line, endOffset: line + 1 };
}

/** No device's id begins with an underscore. */
const GATEWAY: DeviceIdentity = { id: '_gateway', kind: 'gateway', kindVersion: 1, jurisdiction: NATIONWIDE };

function wordOfGateway(word: 'start' | 'clock', receivedAtMs: number): NewMessage {
  const at = { device: GATEWAY, receivedAtMs };
  if (word === 'clock') return internalMessage('clock', { values: { uptime_s: 0, rss_mb: 0 } }, at);
  return internalMessage('start', { id: `start-${receivedAtMs}`, type: 'start', data: { version: 'file' } }, at);
}

/** Wants no plate: whoever makes up passages would find out by them which plates are wanted. */
export class WatchOfNobody implements Watch {
  /** Whether a rule would have asked. */
  wasAsked = false;

  match(_: PlateSeen): readonly WatchHit[] {
    this.wasAsked = true;
    return [];
  }
}
