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
  /** Which of how many generators this is. */
  part: z.string().default('1/1'),
});
export type RunHead = z.infer<typeof runHead>;

/** What was made to happen, Unix ms, and how soon the command centre has to hear of it and of its end, if it has to. */
export const befallen = z.object({
  what: z.string(),
  device: z.string().nullable(),
  district: z.string().nullable(),
  fromMs: z.number(),
  toMs: z.number(),
  alertWithinMs: z.number().nullable(),
  clearWithinMs: z.number().nullable().default(null),
  /** When the device can say that it began, and that it is over, where it has no power or network then. */
  saidMs: z.number().nullable().default(null),
  overSaidMs: z.number().nullable().default(null),
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
  /** For how many alerts it stands, itself among them; 0 for itself alone. */
  storm: z.int().default(0),
  /** When the target says that it had the message, decided on it and kept the alert, Unix ms by its own clock. */
  stamps: z.object({ receivedMs: z.number(), decidedMs: z.number(), committedMs: z.number() }).nullable().default(null),
});
export type Delivered = z.infer<typeof delivered>;

/**
 * An alert that the target lists as part of a storm, and so tells nobody of: when it was first seen there, and when the
 * last look began that did not show it (0 where there was none).
 */
const stormPart = z.object({
  atMs: z.number(),
  beforeMs: z.number(),
  storm: z.string(),
  alert: z.string(),
  device: z.string().nullable(),
});
export type StormPart = z.infer<typeof stormPart>;

/** How many parts of a storm the target listed at the end, and which it had listed before and did not any more. */
const stormEnd = z.object({ storm: z.string(), listed: z.int(), gone: z.array(z.string()) });
export type StormEnd = z.infer<typeof stormEnd>;

/** How long after the end of a fault all lights of the target were green; null where they were not in time. */
const healed = z.object({
  what: z.string(),
  endedMs: z.number(),
  wellMs: z.number().nullable(),
  /** Some of what was not well in time. */
  left: z.array(z.string()).default([]),
});
export type Healed = z.infer<typeof healed>;

/** A fault of the timeline whose time came and that could not be made here, and why. */
const unmade = z.object({ what: z.string(), fromMs: z.number(), toMs: z.number(), why: z.string() });
export type Unmade = z.infer<typeof unmade>;

/** What had to be refused, how often it was tried, and how often somebody was let in. */
const refusal = z.object({ what: z.string(), tries: z.int(), letIn: z.int() });
export type Refusal = z.infer<typeof refusal>;

/** A device that was connected at the end, and how many of its messages nobody had answered. */
const owed = z.object({ device: z.string(), messages: z.int() });
export type Owed = z.infer<typeof owed>;

/** What the target's own ledger counted of a kind while the run lasted. */
export const counted = z.object({ kind: z.string(), messages: z.int(), isBalanced: z.boolean() });
export type Counted = z.infer<typeof counted>;

/** The newest value of a device as the target answered, and the one that was sent last. */
export const looked = z.object({ device: z.string(), shownMs: z.number().nullable(), sentMs: z.number() });
export type Looked = z.infer<typeof looked>;

/** Whether what was answered was on the disk by then, by the order of the target's calls; or why nobody knows. */
export const powerFound = z.union([
  z.object({ right: z.int(), wrong: z.int(), untold: z.int(), examples: z.array(z.string()) }),
  z.object({ why: z.string() }),
]);
export type PowerFound = z.infer<typeof powerFound>;

/**
 * How long a stage of the target's work took since the look before, as it counts that itself: so many up to each of
 * these ends, and with null longer than the last.
 */
const stage = z.object({
  stage: z.string(),
  atMs: z.number(),
  steps: z.array(z.object({ upToMs: z.number().nullable(), count: z.number() })),
});
export type Stage = z.infer<typeof stage>;

/** What a process of the run took at a moment: memory, and the part of a core since the last look. */
export const processLook = z.object({ atMs: z.number(), name: z.string(), rssMb: z.number(), cpuShare: z.number() });
export type ProcessLook = z.infer<typeof processLook>;

/** What a viewer of one camera got. */
const viewed = z.object({
  /** From when it began to ask to its first video, and until it stopped asking; null where none came. */
  firstAfterMs: z.number().nullable(),
  segments: z.int(),
  bytes: z.number(),
  /** Stretches of several seconds without anything new, Unix ms. */
  gaps: z.array(z.object({ fromMs: z.number(), toMs: z.number() })),
});

/** What a camera with video knows of the target: the camera itself counted it. */
export const eye = z.object({
  device: z.string(),
  district: z.string(),
  /** ONVIF requests, of which it keeps the last thousand. */
  asked: z.int(),
  /** Most clients that played one stream of it at one time, looked at twice a second. */
  playedAtOnce: z.int(),
  viewed: viewed.nullable(),
});
export type Eye = z.infer<typeof eye>;
export type Viewed = z.infer<typeof viewed>;

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
  part: (one: StormPart): string => `p ${JSON.stringify(one)}`,
  storm: (one: StormEnd): string => `o ${JSON.stringify(one)}`,
  healed: (one: Healed): string => `g ${JSON.stringify(one)}`,
  unmade: (one: Unmade): string => `n ${JSON.stringify(one)}`,
  refusal: (one: Refusal): string => `v ${JSON.stringify(one)}`,
  owed: (one: Owed): string => `u ${JSON.stringify(one)}`,
  counted: (one: Counted): string => `b ${JSON.stringify(one)}`,
  looked: (one: Looked): string => `l ${JSON.stringify(one)}`,
  stage: (one: Stage): string => `t ${JSON.stringify(one)}`,
  power: (one: PowerFound): string => `y ${JSON.stringify(one)}`,
  eye: (one: Eye): string => `c ${JSON.stringify(one)}`,
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
  | { what: 'part'; part: StormPart }
  | { what: 'storm'; storm: StormEnd }
  | { what: 'healed'; healed: Healed }
  | { what: 'unmade'; unmade: Unmade }
  | { what: 'refusal'; refusal: Refusal }
  | { what: 'owed'; owed: Owed }
  | { what: 'counted'; counted: Counted }
  | { what: 'looked'; looked: Looked }
  | { what: 'stage'; stage: Stage }
  | { what: 'power'; power: PowerFound }
  | { what: 'eye'; eye: Eye }
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
      case 'p':
        return { what: 'part', part: stormPart.parse(JSON.parse(rest)) };
      case 'o':
        return { what: 'storm', storm: stormEnd.parse(JSON.parse(rest)) };
      case 'g':
        return { what: 'healed', healed: healed.parse(JSON.parse(rest)) };
      case 'n':
        return { what: 'unmade', unmade: unmade.parse(JSON.parse(rest)) };
      case 'v':
        return { what: 'refusal', refusal: refusal.parse(JSON.parse(rest)) };
      case 'u':
        return { what: 'owed', owed: owed.parse(JSON.parse(rest)) };
      case 'b':
        return { what: 'counted', counted: counted.parse(JSON.parse(rest)) };
      case 'l':
        return { what: 'looked', looked: looked.parse(JSON.parse(rest)) };
      case 't':
        return { what: 'stage', stage: stage.parse(JSON.parse(rest)) };
      case 'y':
        return { what: 'power', power: powerFound.parse(JSON.parse(rest)) };
      case 'c':
        return { what: 'eye', eye: eye.parse(JSON.parse(rest)) };
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
