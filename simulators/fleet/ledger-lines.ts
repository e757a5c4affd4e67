import { z } from 'zod';
import type { Fate } from '../devices/packets.ts';

/** What begins a ledger: which run it is. Times of the lines below are ms after `beganAtMs`. */
export const runHead = z.object({
  run: z.string(),
  city: z.string(),
  seed: z.int(),
  scale: z.number(),
  prefix: z.string(),
  gateway: z.string(),
  beganAtMs: z.number(),
  machine: z.string(),
});
export type RunHead = z.infer<typeof runHead>;

/** What was made to happen, Unix ms, and how soon the command centre has to hear of it where it has to. */
export const befallen = z.object({
  what: z.string(),
  device: z.string().nullable(),
  district: z.string().nullable(),
  fromMs: z.number(),
  toMs: z.number(),
  alertWithinMs: z.number().nullable(),
});
export type Befallen = z.infer<typeof befallen>;

/** What the generator knows of itself at the end. */
export const selfKnown = z.object({
  sent: z.int(),
  late: z.int(),
  lateP99Ms: z.number(),
  loopP99Ms: z.number(),
  cpuShare: z.number(),
  rssMb: z.number(),
  endedAtMs: z.number(),
});
export type SelfKnown = z.infer<typeof selfKnown>;

/** A delivery of the command centre, as far as it is judged. */
export const delivered = z.object({
  atMs: z.number(),
  webhook: z.string(),
  alert: z.string().nullable(),
  type: z.string().nullable(),
  device: z.string().nullable(),
  place: z.string().nullable(),
  verdict: z.string(),
  isRepeat: z.boolean(),
});
export type Delivered = z.infer<typeof delivered>;

/** The newest value of a device as the target answered, and the one that was sent last. */
export const looked = z.object({ device: z.string(), shownMs: z.number().nullable(), sentMs: z.number() });
export type Looked = z.infer<typeof looked>;

/** What a process of the run took at a moment: memory, and the part of a core since the last look. */
export const processLook = z.object({ atMs: z.number(), name: z.string(), rssMb: z.number(), cpuShare: z.number() });
export type ProcessLook = z.infer<typeof processLook>;

const FATES: Record<Fate, string> = { kept: 'k', copy: 'c', refused: 'b' };
const FATE_OF: Record<string, Fate> = { k: 'kept', c: 'copy', b: 'refused' };
const CHANNELS = { telemetry: 't', event: 'e' } as const;

/** A message that went out, or stayed in the device because it could not. */
export interface Sent {
  seq: number;
  /** Number of the device in this ledger. */
  device: number;
  channel: 'telemetry' | 'event';
  fate: Fate;
  /** ms after the beginning of the run: when it was meant to go out, and when it did. */
  dueMs: number;
  sentMs: number;
  /** Of its records, Unix ms by the device's clock. */
  tsMs: readonly number[];
}

export const line = {
  head: (head: RunHead): string => `h ${JSON.stringify(head)}`,
  device: (index: number, kind: string, id: string, district: string): string => `d ${index} ${kind} ${id} ${district}`,
  sent: ({ seq, device, channel, fate, dueMs, sentMs, tsMs }: Sent): string =>
    `s ${seq} ${device} ${CHANNELS[channel]}${FATES[fate]} ${dueMs} ${sentMs} ${tsMs.join(',')}`,
  acked: (seq: number, atMs: number): string => `a ${seq} ${atMs}`,
  refused: (seq: number, atMs: number): string => `x ${seq} ${atMs}`,
  befallen: (one: Befallen): string => `e ${JSON.stringify(one)}`,
  delivered: (one: Delivered): string => `w ${JSON.stringify(one)}`,
  looked: (one: Looked): string => `l ${JSON.stringify(one)}`,
  process: (one: ProcessLook): string => `m ${JSON.stringify(one)}`,
  self: (one: SelfKnown): string => `z ${JSON.stringify(one)}`,
} as const;

/** A line of a ledger, read. */
export type Entry =
  | { what: 'head'; head: RunHead }
  | { what: 'device'; index: number; kind: string; id: string; district: string }
  | { what: 'sent'; sent: Sent }
  | { what: 'acked' | 'refused'; seq: number; atMs: number }
  | { what: 'befallen'; befallen: Befallen }
  | { what: 'delivered'; delivered: Delivered }
  | { what: 'looked'; looked: Looked }
  | { what: 'process'; process: ProcessLook }
  | { what: 'self'; self: SelfKnown };

/** Reads one line; null for one that is not whole, as the last one of a run that was killed. */
export function readLine(text: string): Entry | null {
  const rest = text.slice(2);
  try {
    switch (text[0]) {
      case 'h':
        return { what: 'head', head: runHead.parse(JSON.parse(rest)) };
      case 'e':
        return { what: 'befallen', befallen: befallen.parse(JSON.parse(rest)) };
      case 'w':
        return { what: 'delivered', delivered: delivered.parse(JSON.parse(rest)) };
      case 'l':
        return { what: 'looked', looked: looked.parse(JSON.parse(rest)) };
      case 'm':
        return { what: 'process', process: processLook.parse(JSON.parse(rest)) };
      case 'z':
        return { what: 'self', self: selfKnown.parse(JSON.parse(rest)) };
      default:
        return readWords(text[0] ?? '', rest.split(' '));
    }
  } catch {
    return null;
  }
}

function readWords(letter: string, words: string[]): Entry | null {
  if (letter === 'd' && words.length === 4) {
    const [index = '', kind = '', id = '', district = ''] = words;
    return { what: 'device', index: Number(index), kind, id, district };
  }
  if ((letter === 'a' || letter === 'x') && words.length === 2) {
    const [seq, atMs] = words.map(Number);
    return { what: letter === 'a' ? 'acked' : 'refused', seq: seq ?? 0, atMs: atMs ?? 0 };
  }
  if (letter !== 's' || words.length !== 6) return null;
  const [seq = '', device = '', how = '', dueMs = '', sentMs = '', times = ''] = words;
  const fate = FATE_OF[how[1] ?? ''];
  if (!fate) return null;
  const sent: Sent = {
    seq: Number(seq),
    device: Number(device),
    channel: how[0] === 'e' ? 'event' : 'telemetry',
    fate,
    dueMs: Number(dueMs),
    sentMs: Number(sentMs),
    tsMs: times === '' ? [] : times.split(',').map(Number),
  };
  return { what: 'sent', sent };
}
