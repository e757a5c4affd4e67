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
  verdict: z.enum(['kept', 'broken', 'not judged']),
  promises: z.array(promise),
  kinds: z.array(kindRow),
  lateness: delays,
  answers: delays,
  answersSpread: z.array(z.object({ upToMs: z.number().nullable(), count: z.int() })),
  alerts,
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
