import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';

/** How the streams of a camera are kept. */
export const streamPlan = z.strictObject({
  alwaysOn: z
    .boolean()
    .default(false)
    .meta({ description: 'Pulled also while nobody watches, so that the first picture is there at once' }),
  keepS: z
    .int()
    .min(0)
    .max(3_600)
    .default(0)
    .meta({ description: 'Seconds it is pulled on after the last viewer went; never less than 10' }),
  connectionsMax: z
    .int()
    .min(1)
    .max(2)
    .default(2)
    .meta({ description: 'Connections that the camera allows; with 1 everybody gets the full picture' }),
  sound: z
    .boolean()
    .default(false)
    .meta({ description: 'Its sound is taken and recorded too, where `stream.sound` allows that' }),
});

export type StreamPlan = z.output<typeof streamPlan>;

/** How a camera is kept of which nothing else was said. */
export const USUAL_PLAN: StreamPlan = { alwaysOn: false, keepS: 0, connectionsMax: 2, sound: false };

interface PlanTables {
  stream_plan: {
    device: string;
    always_on: boolean;
    keep_s: number;
    connections_max: number;
    sound: boolean;
    changed_at_ms: number;
  };
}

/** Plans that are not the usual one, in memory as they stand in the database. */
export class StreamPlans {
  readonly #deps: { database: Database; clock: Clock };
  readonly #plans = new Map<DeviceId, StreamPlan>();

  constructor(deps: { database: Database; clock: Clock }) {
    this.#deps = deps;
  }

  async load(): Promise<void> {
    const rows = await this.#deps.database.tables<PlanTables>().selectFrom('stream_plan').selectAll().execute();
    for (const row of rows) this.#plans.set(row.device, planOf(row));
  }

  of(id: DeviceId): StreamPlan {
    return this.#plans.get(id) ?? USUAL_PLAN;
  }

  /** Cameras that are always on, also those that are retired. */
  alwaysOn(): DeviceId[] {
    return [...this.#plans].filter(([, plan]) => plan.alwaysOn).map(([device]) => device);
  }

  /** Counts at once. The caller's right to the device is checked before. */
  async set(caller: Caller, { id, jurisdiction }: DeviceIdentity, plan: StreamPlan): Promise<void> {
    const { database, clock } = this.#deps;
    const atMs = clock.nowMs();
    await database.transaction(async (tx) => {
      const db = tx.tables<PlanTables>();
      const stood = await db
        .selectFrom('stream_plan')
        .selectAll()
        .where('device', '=', id)
        .forUpdate()
        .executeTakeFirst();
      const row = {
        always_on: plan.alwaysOn,
        keep_s: plan.keepS,
        connections_max: plan.connectionsMax,
        sound: plan.sound,
        changed_at_ms: atMs,
      };
      await db
        .insertInto('stream_plan')
        .values({ device: id, ...row })
        .onConflict((conflict) => conflict.column('device').doUpdateSet(row))
        .execute();
      const before = stood ? planOf(stood) : USUAL_PLAN;
      const subject = `device/${id}`;
      await recordAudit(tx, { caller, action: 'stream.plan', subject, jurisdiction, before, after: plan, atMs });
    });
    this.#plans.set(id, plan);
  }
}

function planOf(row: PlanTables['stream_plan']): StreamPlan {
  const { always_on: alwaysOn, keep_s: keepS, connections_max: connectionsMax, sound } = row;
  return { alwaysOn, keepS, connectionsMax, sound };
}
