import type { Clock } from '../../../core/clock.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import type { IncarnationOf } from '../../../core/receipt.ts';
import type { Lane } from '../../../core/types.ts';
import type { Kinds } from '../../../devices/kinds/kinds.ts';
import type { Directory } from '../../../devices/registry/directory.ts';
import { devicesOf } from '../../../devices/registry/places.ts';
import { Completeness } from '../../../ingest/completeness/completeness.ts';
import { DeviceDays } from '../../../ingest/completeness/device-days.ts';
import type { DuplicateIndex } from '../../../ingest/duplicates/index.ts';
import { Messages } from '../../../ingest/explain/messages.ts';
import type { Journal } from '../../../ingest/journal/journal.ts';
import { PayloadSeal, PayloadSealing } from '../../../ingest/ledger/dead-letter-payloads.ts';
import { DeadLetterReplay } from '../../../ingest/ledger/dead-letter-replay.ts';
import { DeadLetters } from '../../../ingest/ledger/dead-letters.ts';
import { Ledger } from '../../../ingest/ledger/ledger.ts';
import { LedgerWatch, type LedgerWatchDeps } from '../../../ingest/ledger/ledger-watch.ts';
import type { CrashGuard } from '../../../ingest/poison/crash-guard.ts';
import type { Intake } from '../../../ingest/uplinks/common/intake.ts';
import type { SelfReport } from '../../../ingest/uplinks/common/self-report.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Twin } from '../../../telemetry/twin/twin.ts';

export interface BooksParts {
  lanes: Record<Lane, { journal: Journal; duplicates: DuplicateIndex }>;
  incarnationOf: IncarnationOf;
  intake: Intake;
  kinds: Kinds;
  guard: CrashGuard;
  twin: Twin;
  /** Key of the vault: the bytes of what is put aside are encrypted under one made of it. */
  vaultKey: Buffer;
  directory: Directory;
  self: SelfReport;
  checkLedgerEveryMs: number;
  database: Database;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** What answers for every message: the ledger and who watches it, what was put aside, and what became of each. */
export function openBooks(parts: BooksParts) {
  const { lanes, incarnationOf, intake, kinds, guard, twin, self, directory, database, clock, observer, lifecycle } =
    parts;
  const journals = { live: lanes.live.journal, bulk: lanes.bulk.journal };
  const payloads = new PayloadSeal(parts.vaultKey);
  const firmwareOf = (id: string) => twin.latest(id)?.firmware ?? null;
  const jurisdictionOf = (id: string) => directory.get(id)?.identity.jurisdiction;
  const ledger = new Ledger({ database, journals, incarnationOf, clock, firmwareOf, jurisdictionOf, payloads });
  const days = new DeviceDays({ database, kinds, incarnationOf, clock, observer });
  days.start();
  lifecycle.onStop('completeness', () => days.stop());
  const sealing = new PayloadSealing({ database, clock, observer }, payloads);
  sealing.start();
  lifecycle.onStop('sealing of messages', () => sealing.stop());
  const replay = new DeadLetterReplay({ database, intake, kinds, clock, observer, payloads });
  replay.start();
  lifecycle.onStop('replays', () => replay.stop());
  return {
    ledger,
    /** Starts to look whether the ledger balances. */
    watchLedger: (alert: LedgerWatchDeps['alert']): void => {
      const watch = new LedgerWatch({ ledger, self, alert, clock, observer, everyMs: parts.checkLedgerEveryMs });
      watch.start();
      lifecycle.onStop('ledger watch', () => watch.stop());
    },
    deadLetters: new DeadLetters({ database, replay, clock }),
    messages: new Messages({ database, lanes, kinds, guard, jurisdictionOf }),
    completeness: new Completeness({
      database,
      days,
      kinds,
      clock,
      expected: (area, kind) => devicesOf(database, area, kind),
    }),
    /** The reader "completeness". */
    daysReader: days,
  };
}
