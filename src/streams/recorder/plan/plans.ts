import { z } from 'zod';
import type { Clock } from '../../../core/clock.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../../core/types.ts';
import { type ColumnType, type Database, jsonb, type RawBuilder } from '../../../platform/database/database.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import type { Wanted } from '../camera/wanted.ts';
import { isWithin, schedule } from './schedule.ts';

/** When a camera is recorded, and which of its two pictures. */
export const recordingPlan = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('off') }),
  z.strictObject({ mode: z.literal('always'), quality: z.enum(['main', 'sub']).default('main') }),
  z.strictObject({
    mode: z.literal('schedule'),
    quality: z.enum(['main', 'sub']).default('main'),
    hours: schedule,
  }),
  z.strictObject({
    mode: z.literal('event'),
    quality: z.enum(['main', 'sub']).default('main'),
    beforeS: z.int().min(0).max(30).default(10).meta({ description: 'Before it, as far as it is in memory, seconds' }),
    afterS: z.int().min(5).max(3_600).default(60).meta({ description: 'After its end, seconds' }),
  }),
]);

export type RecordingPlan = z.output<typeof recordingPlan>;

interface PlanTables {
  recording_plan: {
    device: string;
    mode: string;
    quality: string;
    schedule: ColumnType<unknown, RawBuilder<unknown>>;
    version: number;
    since_ms: number;
    changed_at_ms: number;
  };
}

export interface PlansDeps {
  database: Database;
  clock: Clock;
  /** Whether a camera stands and has video. */
  isCamera(id: DeviceId): boolean;
}

/** A plan of a camera that is recorded. */
export interface StandingPlan {
  device: DeviceId;
  plan: Exclude<RecordingPlan, { mode: 'off' }>;
  /** Since when it is recorded at all, also by a plan before; Unix ms. */
  sinceMs: number;
}

const OFF: RecordingPlan = { mode: 'off' };

/** Which cameras are recorded and when, in memory as they stand in the database. */
export class RecordingPlans {
  readonly #deps: PlansDeps;
  readonly #plans = new Map<DeviceId, StandingPlan>();
  /** Of cameras that are recorded by events: since when and until when. */
  readonly #events = new Map<DeviceId, { fromMs: number; untilMs: number }>();

  constructor(deps: PlansDeps) {
    this.#deps = deps;
  }

  async load(): Promise<void> {
    const rows = await this.#deps.database.tables<PlanTables>().selectFrom('recording_plan').selectAll().execute();
    for (const row of rows) this.#keep(row.device, planOf(row), Number(row.since_ms));
  }

  of(id: DeviceId): RecordingPlan {
    return this.#plans.get(id)?.plan ?? OFF;
  }

  /** Also those of cameras that are retired. */
  standing(): Iterable<StandingPlan> {
    return this.#plans.values();
  }

  /** Cameras to be recorded at a moment (Unix ms). Those that are retired are left out. */
  wanted(atMs: number): Wanted[] {
    const found: Wanted[] = [];
    for (const { device, plan } of this.#plans.values()) {
      if (!this.#deps.isCamera(device)) continue;
      const { quality } = plan;
      if (plan.mode === 'event') {
        const event = this.#events.get(device);
        if (event && event.untilMs > atMs) found.push({ device, quality, fromMs: event.fromMs });
      } else if (plan.mode === 'always' || isWithin(plan.hours, atMs)) found.push({ device, quality });
    }
    return found;
  }

  /** Cameras that are recorded by events, while nothing happens there. */
  unplanned(atMs: number): Wanted[] {
    const found: Wanted[] = [];
    for (const { device, plan } of this.#plans.values()) {
      const isResting = plan.mode === 'event' && (this.#events.get(device)?.untilMs ?? 0) <= atMs;
      if (isResting && this.#deps.isCamera(device)) found.push({ device, quality: plan.quality });
    }
    return found;
  }

  /** Whether any camera is recorded by events. */
  get areAnyByEvent(): boolean {
    for (const { plan } of this.#plans.values()) if (plan.mode === 'event') return true;
    return false;
  }

  /** Something that began at `atMs` goes on at a camera: where its plan says so, it is recorded while this is said. */
  happened(device: DeviceId, atMs: number): void {
    const plan = this.#plans.get(device)?.plan;
    if (plan?.mode !== 'event') return;
    const nowMs = this.#deps.clock.nowMs();
    const untilMs = nowMs + plan.afterS * 1_000;
    const stood = this.#events.get(device);
    if (stood && stood.untilMs > nowMs) stood.untilMs = untilMs;
    else this.#events.set(device, { fromMs: Math.min(atMs, nowMs) - plan.beforeS * 1_000, untilMs });
  }

  /** Counts at once for the recorder. The caller's right to the device is checked before. */
  async set(caller: Caller, { id, jurisdiction }: DeviceIdentity, plan: RecordingPlan): Promise<void> {
    const { database, clock } = this.#deps;
    const atMs = clock.nowMs();
    const sinceMs = await database.transaction(async (tx) => {
      const db = tx.tables<PlanTables>();
      const stood = await db
        .selectFrom('recording_plan')
        .selectAll()
        .where('device', '=', id)
        .forUpdate()
        .executeTakeFirst();
      const since = stood ? Number(stood.since_ms) : atMs;
      if (plan.mode === 'off') await db.deleteFrom('recording_plan').where('device', '=', id).execute();
      else {
        const row = { mode: plan.mode, quality: plan.quality, schedule: jsonb(detailOf(plan)), changed_at_ms: atMs };
        const version = (stood?.version ?? 0) + 1;
        await db
          .insertInto('recording_plan')
          .values({ device: id, version, since_ms: since, ...row })
          .onConflict((conflict) => conflict.column('device').doUpdateSet({ version, ...row }))
          .execute();
      }
      const before = stood ? planOf(stood) : OFF;
      const subject = `device/${id}`;
      await recordAudit(tx, { caller, action: 'recording.plan', subject, jurisdiction, before, after: plan, atMs });
      return since;
    });
    this.#keep(id, plan, sinceMs);
  }

  #keep(device: DeviceId, plan: RecordingPlan, sinceMs: number): void {
    if (plan.mode !== 'event') this.#events.delete(device);
    if (plan.mode === 'off') this.#plans.delete(device);
    else this.#plans.set(device, { device, plan, sinceMs });
  }
}

function planOf({
  mode,
  quality,
  schedule: hours,
}: Pick<PlanTables['recording_plan'], 'mode' | 'quality'> & { schedule: unknown }) {
  if (mode === 'event') return recordingPlan.parse({ ...(hours as object), mode, quality });
  return recordingPlan.parse(mode === 'schedule' ? { mode, quality, hours } : { mode, quality });
}

/** What a plan says beyond its mode and quality. */
function detailOf(plan: Exclude<RecordingPlan, { mode: 'off' }>): object {
  if (plan.mode === 'schedule') return plan.hours;
  return plan.mode === 'event' ? { beforeS: plan.beforeS, afterS: plan.afterS } : [];
}
