import { z } from 'zod';
import type { Delays } from '../fleet/delays.ts';
import { processLook, runHead, selfKnown } from '../fleet/ledger-lines.ts';

/** What became of the messages of one kind. */
const kindRow = z.object({
  kind: z.string(),
  devices: z.int(),
  sent: z.int(),
  acked: z.int(),
  /** Refused with an answer, or thrown away by a device whose memory was full. */
  refused: z.int(),
  unanswered: z.int(),
  /** Of messages that were acknowledged: their records, and how many of those the store has. */
  records: z.int(),
  /** Null, as the two below, where no store was named: then nothing is known of it. */
  stored: z.int().nullable(),
  /** Acknowledged messages that must not be stored again, or at all: copies, and what nobody can read. */
  explained: z.int(),
  lost: z.int().nullable(),
  doubled: z.int().nullable(),
});
export type KindRow = z.infer<typeof kindRow>;

const delays = z.object({ count: z.int(), p50Ms: z.number(), p95Ms: z.number(), p99Ms: z.number(), maxMs: z.number() });
type DelaysTold = z.infer<typeof delays>;

const alerts = z.object({
  expected: z.int(),
  delivered: z.int(),
  late: z.int(),
  missing: z.int(),
  false: z.int(),
  doubled: z.int(),
  uncleared: z.int().default(0),
  /** Storms that it was told of, their alerts, and those of them that it was told of with another count. */
  storms: z.int().default(0),
  parts: z.int().default(0),
  miscounted: z.int().default(0),
  /** From the moment at which it befell the device to the delivery. */
  delay: delays,
});

/** One promise, and whether it was kept; `kept` is null where it could not be judged, and `why` says why. */
const promise = z.object({
  name: z.string(),
  kept: z.boolean().nullable(),
  figure: z.number().nullable(),
  limit: z.number(),
  why: z.string().nullable(),
});
export type PromiseTold = z.infer<typeof promise>;

/** The whole judgement of a run; also the form of `--json` and of the files that `report compare` reads. */
export const verdict = z.object({
  head: runHead,
  /** Incomplete: no promise was broken, and something of the timeline that was asked for was not made. */
  verdict: z.enum(['kept', 'broken', 'incomplete', 'not judged']),
  /** Faults of the timeline that were not made, ms after the beginning, and why. */
  unmade: z.array(z.object({ what: z.string(), fromMs: z.number(), toMs: z.number(), why: z.string() })).default([]),
  promises: z.array(promise),
  kinds: z.array(kindRow),
  lateness: delays,
  answers: delays,
  /** Of messages that were due while a fault lasted or had just ended. */
  excused: delays.default({ count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 }),
  answersSpread: z.array(z.object({ upToMs: z.number().nullable(), count: z.int() })),
  alerts,
  /** What was made to happen, in order: how many devices it befell, ms after the beginning, and when all was well. */
  events: z
    .array(
      z.object({
        what: z.string(),
        district: z.string().nullable(),
        count: z.int(),
        fromMs: z.number(),
        toMs: z.number(),
        /** From the end of a fault on; null where it is none, or never was. */
        wellAfterMs: z.number().nullable(),
      }),
    )
    .default([]),
  /** Cameras with video, by what they and their viewers counted themselves. */
  cameras: z
    .object({
      count: z.int(),
      /** Never asked anything over ONVIF. */
      unasked: z.int(),
      /** Played to two clients of the target at once. */
      playedTwice: z.int(),
      watched: z.int(),
      unshown: z.int(),
      /** To the first video, and the longest time without anything new that no fault explains. */
      firstP99Ms: z.number(),
      longestGapMs: z.number(),
    })
    .default({ count: 0, unasked: 0, playedTwice: 0, watched: 0, unshown: 0, firstP99Ms: 0, longestGapMs: 0 }),
  /** How long stages of the target's work took, as far as it says so. */
  stages: z.array(delays.extend({ name: z.string() })).default([]),
  /** How late the target's event loop was, p99 of each look. */
  loop: z.array(z.object({ atS: z.int(), p99Ms: z.number() })).default([]),
  stale: z.object({ looked: z.int(), stale: z.int(), examples: z.array(z.string()) }),
  /** Examples of what is wrong, with device and time. */
  examples: z.array(z.string()),
  perTenSeconds: z.array(z.object({ atS: z.int(), sent: z.int(), acked: z.int() })),
  processes: z.array(processLook),
  self: selfKnown.nullable(),
  /** The generator was too slow itself: how long things took says little about the gateway. */
  isBottleneck: z.boolean(),
  isWhole: z.boolean(),
});
export type Verdict = z.infer<typeof verdict>;

export function delaysOf(delays: Delays): DelaysTold {
  return {
    count: delays.count,
    p50Ms: delays.quantile(0.5),
    p95Ms: delays.quantile(0.95),
    p99Ms: delays.quantile(0.99),
    maxMs: Math.round(delays.maxMs),
  };
}

/** A promise that is kept up to a limit; `why` says why it is not judged, and is null where it is. */
export function promiseTold(name: string, figure: number, limit: number, why: string | null): PromiseTold {
  return { name, kept: why === null ? figure <= limit : null, figure: why === null ? figure : null, limit, why };
}
