import { randomBytes } from 'node:crypto';
import { Authority } from '../../../src/access/authority.ts';
import { startDownlink } from '../../../src/app/compose/ingest/downlink.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { CitywatchError } from '../../../src/core/errors.ts';
import { Lifecycle } from '../../../src/core/mechanisms/lifecycle.ts';
import type { Caller, DecodedBatch, DeviceIdentity, Message, Role } from '../../../src/core/types.ts';
import type { CommandPort } from '../../../src/ingest/commands/port.ts';
import type { CommandPayload } from '../../../src/ingest/commands/rows.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { migrate } from '../../../src/platform/database/migrate.ts';
import { Vault } from '../../../src/platform/secrets/vault.ts';
import { WorkQueue } from '../../../src/platform/work/work.ts';
import { NO_ZONES } from '../access/tree.ts';
import { decodeMessage } from '../ingest/decode.ts';
import { incarnationOf } from '../ingest/journal.ts';
import { KIOSK, kioskKinds, storedMessage } from '../ingest/kiosk-kind.ts';
import { nextOwner } from '../services/ownership.ts';
import { type Owner, quietObserver } from '../services/services.ts';

export const HERE = '330203';

/** What the directory knows in these tests: every id that begins with `k` is a kiosk of here. */
export const kiosks = {
  seenBy: ({ jurisdiction }: Pick<Caller, 'jurisdiction'>, id: string): DeviceIdentity | undefined =>
    id.startsWith('k') && HERE.startsWith(jurisdiction.replace(/0+$/, ''))
      ? { id, kind: KIOSK.kind, kindVersion: 1, jurisdiction: HERE }
      : undefined,
};

export const kioskOnly = {
  ...kioskKinds,
  latest: (kind: string) => (kind === KIOSK.kind ? KIOSK : undefined),
};

export function person(role: Role, jurisdiction = HERE): Caller {
  return { type: 'person', id: `p-${role}`, name: role, role, jurisdiction, purpose: null };
}

/** A way down whose connections and acknowledgements a test decides. */
export class FakePort implements CommandPort {
  acknowledgedBy: 'device' | 'broker' = 'device';
  readonly sessions = new Map<string, string>();
  readonly sent: { device: string; session: string | undefined; command: CommandPayload; expiresInMs: number }[] = [];
  /** What the next sends are answered; kept open where it is null. */
  acks: boolean | null = true;
  readonly #open: ((acked: boolean) => void)[] = [];

  session(device: string): string | null {
    return this.sessions.get(device) ?? null;
  }

  send(device: string, payload: Buffer, expiresInMs: number): Promise<boolean> {
    const command = JSON.parse(payload.toString()) as CommandPayload;
    this.sent.push({ device, session: this.sessions.get(device), command, expiresInMs });
    const { acks } = this;
    return acks === null ? new Promise((resolve) => this.#open.push(resolve)) : Promise.resolve(acks);
  }

  /** Whether a send waits for its answer. */
  get isAwaited(): boolean {
    return this.#open.length > 0;
  }

  settle(acked: boolean): void {
    for (const resolve of this.#open.splice(0)) resolve(acked);
  }

  names(): string[] {
    return this.sent.map(({ device, session, command }) => `${device} ${session} ${command.args.cell ?? command.name}`);
  }
}

/** What is sent may ring again, and what is due may wait for whoever holds it. */
const TURNS_MIN = 3;
const TURNS_MAX = 50;

interface WorkTables {
  work_item: { queue: string; key: string; due_at_ms: number };
}

/** A gateway that another one has overtaken claims nothing more; its process would end. */
function unlessOvertaken(error: unknown): void {
  if (!(error instanceof CitywatchError && error.code === 'lease.lost')) throw error;
}

/** A doorbell without Redis; as the real one it is stopped before the parts that ring, and what it runs ends first. */
function ringing(work: WorkQueue) {
  const stopping = new AbortController();
  const pumps: Promise<unknown>[] = [];
  const rung: string[] = [];
  const pump = async (): Promise<void> => {
    await work.pump('commands', stopping.signal);
    await work.idle();
  };
  const pumped = () => Promise.all(pumps.splice(0));
  const ring = (_queue: string, device: string): void => {
    rung.push(device);
    if (!stopping.signal.aborted) pumps.push(pump().catch(unlessOvertaken));
  };
  const stop = async (): Promise<void> => {
    stopping.abort();
    await pumped();
    await work.idle();
  };
  return { pump, pumped, rung, ring, stop };
}

const VAULT = new Vault(randomBytes(32));

/** The downlink of a gateway on `url`, with a journal of its own and a clock of the test; starts are restarts. */
export async function openDownlink(t: Owner, url: string, { clock }: { clock: Clock }) {
  const observer = quietObserver();
  const database = await Database.open({ url, observer, clock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  await migrate(database);
  const [port, journal] = [new FakePort(), { head: 0 }];
  const start = async () => {
    const ownership = await nextOwner(database);
    const work = new WorkQueue({ database, clock, observer: quietObserver(), ownership });
    await work.releaseClaims();
    const { pump, pumped, rung, ring, stop } = ringing(work);
    const lifecycle = new Lifecycle(clock);
    const downlink = await startDownlink({
      database,
      ownership,
      clock,
      observer: quietObserver(),
      kinds: kioskOnly,
      directory: kiosks,
      rights: new Authority({ areasOf: () => [] }, NO_ZONES),
      lifecycle,
      journal,
      incarnationOf,
      vault: VAULT,
      work,
      doorbell: { ring },
    });
    downlink.sender.connect(port);
    await downlink.reader.load('live');
    /** Lets everything happen that was rung for. */
    const settle = async (): Promise<void> => {
      for (let turn = 0, isDue = true; turn < TURNS_MIN || (isDue && turn < TURNS_MAX); turn += 1) {
        await downlink.sender.flush();
        await pump();
        await pumped();
        if (!port.isAwaited) await downlink.sender.settled();
        const due = database.tables<WorkTables>().selectFrom('work_item').select('key');
        const rows = await due.where('queue', '=', 'commands').where('due_at_ms', '<=', clock.nowMs()).execute();
        isDue = rows.length > 0;
      }
    };
    lifecycle.onStop('doorbell', stop);
    return { ...downlink, settle, rung, stop: () => lifecycle.stop(1_000) };
  };
  /** Appends messages to the journal and returns them as the feed hands them out. */
  const append = (...all: [payload: unknown, change?: Partial<Message>][]): DecodedBatch => {
    const from = journal.head;
    const messages = all.map(([payload, change = {}]) => {
      const device = { id: 'k1', kind: KIOSK.kind, kindVersion: 1, jurisdiction: HERE };
      const place = { offset: journal.head, endOffset: journal.head + 100, receivedAtMs: clock.nowMs() };
      journal.head += 100;
      const raw = typeof payload === 'string' ? payload : JSON.stringify(payload);
      const message = storedMessage(raw, { channel: 'reply', device, ...place, ...change });
      const { records, refusals } = decodeMessage(message, KIOSK);
      return { message, records, refusals };
    });
    return { lane: 'live', from, to: journal.head, messages };
  };
  return { database, clock, port, journal, start, append };
}

export function deviceOf(id: string): Pick<Message, 'device'> {
  return { device: { id, kind: KIOSK.kind, kindVersion: 1, jurisdiction: HERE } };
}
