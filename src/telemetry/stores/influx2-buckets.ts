import { z } from 'zod';
import { DAY_S } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { HttpAnswer } from './http-port.ts';
import { fromAnswer, saysNoBucket } from './influx2-errors.ts';
import { daysOf, type RetentionDays, type Tier } from './store.ts';

const bucketSchema = z.object({
  id: z.string().min(1).max(64),
  orgID: z.string().min(1).max(64).optional(),
  name: z.string(),
  retentionRules: z.array(z.object({ everySeconds: z.number().optional() })).optional(),
});

type Bucket = z.output<typeof bucketSchema>;

const bucketsSchema = z.object({ buckets: z.array(bucketSchema) });

export type Send = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: object) => Promise<HttpAnswer>;

/**
 * The bucket of that very name; null where the token sees none, or somebody else answered. A server says so by 404
 * where no bucket has the name, and by an empty list where the token may not read it.
 */
export async function findBucket(org: string, name: string, send: Send): Promise<Bucket | null> {
  const answer = await send('GET', `/api/v2/buckets?${new URLSearchParams({ org, name })}`);
  if (answer.status === 404 && saysNoBucket(answer)) return null;
  if (answer.status !== 200) throw fromAnswer(answer);
  const read = bucketsSchema.safeParse(parsed(answer.body));
  return read.data?.buckets.find((bucket) => bucket.name === name) ?? null;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}

export interface RollupBucket {
  org: string;
  orgId: string | undefined;
  name: string;
  tier: Tier;
  retentionDays: RetentionDays;
}

/** A bucket that is there is used whatever it keeps, where the token may not change it. */
export async function ensureRollupBucket(wanted: RollupBucket, send: Send): Promise<void> {
  const { org, orgId, name, tier, retentionDays } = wanted;
  const days = daysOf(retentionDays, tier);
  const retentionRules = [{ type: 'expire', everySeconds: days * DAY_S }];
  const bucket = await findBucket(org, name, send);
  if (bucket?.retentionRules?.[0]?.everySeconds === days * DAY_S) return;
  const answer = bucket
    ? await send('PATCH', `/api/v2/buckets/${encodeURIComponent(bucket.id)}`, { retentionRules })
    : await send('POST', '/api/v2/buckets', { orgID: orgId, name, retentionRules });
  if (answer.status === 200 || answer.status === 201) return;
  if (answer.status === 429 || answer.status >= 500) throw fromAnswer(answer);
  if (bucket) return;
  // Somebody else has made it in between (422 "conflict"): what it keeps is looked at the next time.
  if (answer.status === 422 && (await findBucket(org, name, send))) return;
  throw new CitywatchError('store.refused', {
    detail:
      `Our token may not make the bucket "${name}" for roll-ups. Make it with a retention of ${days} days and let ` +
      'INFLUX_TOKEN read and write it.',
  });
}
