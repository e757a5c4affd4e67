import { Kinds } from '../../../src/devices/kinds/kinds.ts';
import { DuplicateIndex } from '../../../src/ingest/duplicates/index.ts';
import { Journal } from '../../../src/ingest/journal/journal.ts';
import { Ledger } from '../../../src/ingest/ledger/ledger.ts';
import { Intake } from '../../../src/ingest/uplinks/common/intake.ts';
import { Session } from '../../../src/ingest/uplinks/mqtt/session.ts';
import { Database } from '../../../src/platform/database/database.ts';
import { Ownership } from '../../../src/platform/database/ownership.ts';
import { Influx1Store } from '../../../src/telemetry/stores/influx1.ts';
import { randomFrom } from '../time/random.ts';
import type { AlertStep, KillOrder, Step } from './orders.ts';

let order: KillOrder | null = null;
let random = randomFrom(0);
let seen = 0;

export function killAt(next: KillOrder): void {
  order = next;
  random = randomFrom(next.nth);
  seen = 0;
}

/** Whether this is the moment the order names, for the last time before the end. */
function isDue(step: Step | AlertStep, moment: string): boolean {
  if (order?.step !== step || order.moment !== moment) return false;
  seen += 1;
  return seen === order.nth;
}

/** Ends the process when its time has come. */
export function reach(step: Step | AlertStep, moment: string): void {
  if (isDue(step, moment)) die();
}

/** As {@link reach}, with something done right before the end. */
export async function reachWith(step: Step, moment: string, last: () => Promise<unknown>): Promise<void> {
  if (!isDue(step, moment)) return;
  await last();
  die();
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

// biome-ignore lint/suspicious/noExplicitAny: methods of many classes are wrapped alike.
type Method = (...args: any[]) => unknown;
interface Moments {
  before?: string;
  after?: string;
}

/** Watches a method of a class: its call and, of what it promised, the end. */
function watch(owner: { prototype: object }, method: string, step: Step, { before, after }: Moments): void {
  const methods = owner.prototype as Record<string, Method>;
  const original = methods[method]!;
  methods[method] = function (this: unknown, ...args: unknown[]) {
    if (before) reach(step, before);
    const result = original.apply(this, args);
    if (!after) return result;
    if (!(result instanceof Promise)) {
      reach(step, after);
      return result;
    }
    return result.then((value: unknown) => {
      reach(step, after);
      return value;
    });
  };
}

/** A write to InfluxDB or PostgreSQL takes some milliseconds; somewhere in these is the end. */
const UNDER_WAY_MS_MAX = 5;

/** Some moment of what has just begun. */
export function reachSoon(step: Step | AlertStep, moment: string): void {
  setTimeout(reach, random() * UNDER_WAY_MS_MAX, step, moment);
}

/** Wraps what stands for each step; files are watched where they are opened (disk.ts). */
export function watchSteps(): void {
  watch(Intake, 'accept', 'receive', { before: 'handed in' });
  watch(Journal, 'append', 'append', { before: 'queued' });
  watch(Session, 'acked', 'ack', { before: 'before', after: 'after' });
  const acked = Session.prototype.acked;
  Session.prototype.acked = function (packetId) {
    acked.call(this, packetId);
    setImmediate(reach, 'ack', 'sent');
  };
  watch(Kinds, 'at', 'decode', { before: 'of one message' });
  watch(DuplicateIndex, 'mark', 'decode', { before: 'before marking', after: 'marked' });
  watch(Influx1Store, 'write', 'write', { before: 'before', after: 'after' });
  const write = Influx1Store.prototype.write;
  Influx1Store.prototype.write = function (...args) {
    setTimeout(reach, random() * UNDER_WAY_MS_MAX, 'write', 'under way');
    return write.apply(this, args);
  };
  watch(Ledger, 'commit', 'cursor', { before: 'before', after: 'after' });
  const move = Ownership.prototype.write;
  Ownership.prototype.write = function (...args) {
    if (args[1].what.startsWith('the cursor of')) {
      setTimeout(reach, random() * UNDER_WAY_MS_MAX, 'cursor', 'under way');
    }
    return move.apply(this, args) as never;
  };
  const transaction = Database.prototype.transaction;
  Database.prototype.transaction = function (run, ...others) {
    const watched: typeof run = async (tx) => {
      const result = await run(tx);
      reach('cursor', 'before its commit');
      return result;
    };
    return transaction.call(this, watched, ...others) as never;
  };
}
