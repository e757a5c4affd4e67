import { HOUR_MS } from '../../../src/core/clock.ts';
import type { DecodedBatch, Lane } from '../../../src/core/types.ts';
import { refusal } from '../../../src/ingest/decode/refusals.ts';
import { AT_MS, batch, decoded, reading } from './batches.ts';
import { KIOSK } from './kiosk-kind.ts';
import type { ThreeBatches } from './reader-conformance.ts';

/** The kiosk that speaks in a lane. */
export const BURNING_DEVICES: Record<Lane, string> = { live: 'k-1', bulk: 'k-2' };

/** Three batches of one message each: a kiosk that burns, does not, and burns, an hour apart. */
export function burning(lane: Lane): ThreeBatches {
  const device = { id: BURNING_DEVICES[lane], kind: KIOSK.kind, kindVersion: 1, jurisdiction: '330203' };
  const at = (index: number): DecodedBatch => {
    const atMs = AT_MS + index * HOUR_MS;
    const over = { device, lane, offset: index * 100, receivedAtMs: atMs };
    const message = decoded([reading({ temp_c: index === 1 ? 20 : 90, fill_pct: index }, { atMs })], over);
    return batch([{ ...message, refusals: [refusal(9, 'out-of-range', 'fill_pct', '101')] }], lane);
  };
  return [at(0), at(1), at(2)];
}
