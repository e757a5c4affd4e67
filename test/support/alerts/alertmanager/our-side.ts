import type { Test } from 'tap';
import { priorityOf } from '../../../../src/alerts/desk/alert.ts';
import { DESK_QUEUE } from '../../../../src/alerts/desk/queues.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { enqueueWork } from '../../../../src/platform/work/work.ts';
import { freshDatabase, sharedRedis } from '../../services/shared-database.ts';
import { ADMIN, startAlertDesk, startReceiver, webhookAt } from '../alert-desk.ts';
import { storeFires } from '../findings.ts';
import { usualStages } from '../usual-stages.ts';
import { keyOf, SILENT_RULE, type Trace, type TracedEvent } from './trace.ts';

/** One message of ours: an entry of the log of alerts. */
export interface EntryMessage {
  atMs: number;
  webhookId: string;
  key: string;
  type: string;
}

/** How an alert stands in the end. */
export interface AlertNow {
  id: string;
  key: string;
  rule: string;
  area: string;
  /** The alert that it is a part of. */
  storm: string | null;
}

/** A moment after a site is back in which its devices may come back too; a gateway gives them 90 s. */
const LATELY_MS = 4_000;

/** Desk, stages and deliveries of a gateway, which knows of dark sites what the trace says. */
export class OurSide {
  readonly messages: EntryMessage[] = [];
  readonly #desk: Awaited<ReturnType<typeof startAlertDesk>>;
  #count = 0;

  private constructor(desk: Awaited<ReturnType<typeof startAlertDesk>>) {
    this.#desk = desk;
  }

  /** `nowMs`: how far the trace is. */
  static async start(t: Test, { dark }: Trace, nowMs: () => number): Promise<OurSide> {
    const siteOf = (device: string) => dark.find(({ site }) => device.startsWith(`${site}-`)) ?? null;
    const isWithin = (device: string, lateMs: number): boolean => {
      const found = siteOf(device);
      return found !== null && nowMs() >= found.fromMs && nowMs() < found.toMs + lateMs;
    };
    const outages = {
      above: (device: string) => (isWithin(device, 0) ? siteOf(device)!.site : null),
      lately: (device: string) => isWithin(device, LATELY_MS),
      beside: (device: string) => (siteOf(device) ? 20 : 1),
      tellsSilence: (rule: string) => rule === SILENT_RULE,
      nowMs: () => Date.now(),
    };
    const stages = usualStages({ outages });
    const urls = { database: (await freshDatabase(t)).url, redis: (await sharedRedis(t)).url };
    const side = new OurSide(await startAlertDesk(t, { ...urls, stages }));
    const receiver = await startReceiver(t);
    receiver.received.push = (...news) => {
      for (const { id, data } of news) {
        side.messages.push({ atMs: Date.now(), webhookId: id, key: data.data.dedupKey, type: data.type });
      }
      return 0;
    };
    const wanted = { name: 'desk', ...webhookAt(receiver.url), jurisdiction: '330200' };
    await side.#desk.subscriptions.create(ADMIN, wanted);
    return side;
  }

  /** As the rules leave what they found. */
  async say(events: readonly TracedEvent[]): Promise<void> {
    const { database, clock, doorbell } = this.#desk;
    const fires = events.map(({ alert, does }) => {
      this.#count += 1;
      const { device, rule, severity, area: jurisdiction } = alert;
      const kind = does === 'fire' ? ('fired' as const) : ('cleared' as const);
      return [device, { count: this.#count, jurisdiction, kind, severity, rule }] as const;
    });
    const urgency = new Map(events.map(({ alert }) => [keyOf(alert), priorityOf(alert.severity)]));
    await database.transaction(async (tx) => {
      await storeFires(tx, ...fires);
      await enqueueWork(
        tx,
        clock,
        [...urgency].map(([key, priority]) => ({ queue: DESK_QUEUE, key, priority })),
      );
    });
    doorbell.ring(DESK_QUEUE);
  }

  /** Whether everything that was said is decided, and nothing waits to be sent. */
  async isSettled(): Promise<boolean> {
    const db = this.#desk.database.tables<AlertTables>();
    const open = await db.selectFrom('finding').select('id').where('handled_at_ms', 'is', null).limit(1).execute();
    const waiting = await db.selectFrom('delivery').select('id').where('state', '=', 'waiting').limit(1).execute();
    return open.length === 0 && waiting.length === 0;
  }

  async alerts(): Promise<AlertNow[]> {
    const db = this.#desk.database.tables<AlertTables>();
    const rows = await db.selectFrom('alert').select(['id', 'dedup_key', 'rule', 'jurisdiction', 'storm']).execute();
    return rows.map(({ dedup_key: key, jurisdiction: area, ...rest }) => ({ ...rest, key, area }));
  }
}
