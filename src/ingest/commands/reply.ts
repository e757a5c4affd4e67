import type { DecodedMessage } from '../../core/types.ts';
import { contentOf } from '../decode/content.ts';
import type { KindSource } from '../readers/journal-feed.ts';
import { receiptOf } from '../uplinks/common/intake.ts';

/** One reply as a device sent it; its form has been judged by the decoder. */
export interface Reply {
  id: string;
  from: string;
  ok: boolean;
  /** JSON; null when there is none, or when it is too long to be kept. */
  result: string | null;
  cut: boolean;
  receivedAtMs: number;
  receipt: string;
}

/** Longer results are for telemetry and events. */
const RESULT_CHARACTERS_MAX = 8 * 1024;

const COMMAND_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether an id can be one that we gave out. */
export function isCommandId(id: string): boolean {
  return COMMAND_ID.test(id);
}

/** The replies of a message, without those that were refused. A device may send several at once. */
export function repliesIn({ message, refusals }: DecodedMessage, kinds: KindSource): Reply[] {
  if (refusals.some(({ index }) => index === null)) return [];
  const refused = new Set(refusals.map(({ index }) => index));
  const value = contentOf(message, kinds.at(message.device.kind, message.device.kindVersion));
  const records: unknown[] = Array.isArray(value) ? value : [value];
  return records.flatMap((record, index) => {
    if (refused.has(index)) return [];
    const { id, ok, result } = record as { id: string; ok: boolean; result?: unknown };
    const text = result === undefined || result === null ? null : JSON.stringify(result);
    const cut = text !== null && text.length > RESULT_CHARACTERS_MAX;
    const { device, receivedAtMs } = message;
    const receipt = receiptOf(message).id;
    return [{ id, from: device.id, ok, result: cut ? null : text, cut, receivedAtMs, receipt }];
  });
}
