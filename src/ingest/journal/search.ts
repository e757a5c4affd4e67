import type { DeviceId, Message } from '../../core/types.ts';
import { isFromDevice, isRecord, receivedAtMsOf } from './codec.ts';
import type { SegmentLog } from './segments/log.ts';

export interface Search {
  device: DeviceId;
  fromMs: number;
  toMs: number;
  limit: number;
}

/**
 * Finds the messages of one device within a time of receipt by the sparse time index, then by comparing bytes: only
 * what matches is decoded and checked.
 */
export async function findByDevice(log: SegmentLog, search: Search): Promise<{ messages: Message[]; more: boolean }> {
  const id = Buffer.from(search.device);
  const messages: Message[] = [];
  let more = false;
  for (const [from, to] of stretches(log, search)) {
    await log.walk(from, to, {
      verify: false,
      visit: (bytes, at, place) => {
        if (!isFromDevice(bytes, at, id)) return true;
        const atMs = receivedAtMsOf(bytes, at);
        if (atMs < search.fromMs || atMs > search.toMs || !isRecord(bytes, at, place)) return true;
        more = messages.length === search.limit;
        if (more) return false;
        messages.push(log.decode(bytes, at, place));
        return true;
      },
    });
    if (more) break;
  }
  return { messages: messages.map(withOwnBytes), more };
}

/** The first block of the index with something that was received at or after `atMs`; null where there is none. */
export function placeOf({ segments }: Pick<SegmentLog, 'segments'>, atMs: number): number | null {
  for (const { blocks } of segments) {
    const block = blocks.find(({ lastAtMs }) => lastAtMs >= atMs);
    if (block) return block.offset;
  }
  return null;
}

/** A view would keep the megabyte it was read from in memory. */
function withOwnBytes(message: Message): Message {
  return { ...message, raw: Buffer.from(message.raw) };
}

/** Parts of the log that may hold messages received in the window; adjoining ones are joined. */
function stretches(log: SegmentLog, { fromMs, toMs }: Search): [number, number][] {
  const found: [number, number][] = [];
  for (const segment of log.segments) {
    for (const [index, block] of segment.blocks.entries()) {
      if (block.lastAtMs < fromMs || block.firstAtMs > toMs) continue;
      const end = segment.blocks[index + 1]?.offset ?? segment.end;
      const last = found.at(-1);
      if (last && last[1] === block.offset) last[1] = end;
      else found.push([block.offset, end]);
    }
  }
  return found;
}
