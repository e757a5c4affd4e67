import { isUtf8 } from 'node:buffer';
import { jsonText } from '../../core/json.ts';
import type { DecodedMessage } from '../../core/types.ts';
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
export const RESULT_CHARACTERS_MAX = 8 * 1024;

const COMMAND_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether an id can be one that we gave out. */
export function isCommandId(id: string): boolean {
  return COMMAND_ID.test(id);
}

/** The replies of a message, without those that were refused. A device may send several at once. */
export function repliesIn({ message, refusals }: DecodedMessage): Reply[] {
  if (refusals.some(({ index }) => index === null) || !isUtf8(message.raw)) return [];
  const refused = new Set(refusals.map(({ index }) => index));
  const value: unknown = JSON.parse(jsonText(message.raw));
  const records = (Array.isArray(value) ? value : [value]) as { id: string; ok: boolean; result?: unknown }[];
  return records.flatMap(({ id, ok, result }, index) => {
    if (refused.has(index)) return [];
    const text = result === undefined || result === null ? null : JSON.stringify(result);
    const cut = text !== null && text.length > RESULT_CHARACTERS_MAX;
    const { device, receivedAtMs } = message;
    const receipt = receiptOf(message).id;
    return [{ id, from: device.id, ok, result: cut ? null : text, cut, receivedAtMs, receipt }];
  });
}
