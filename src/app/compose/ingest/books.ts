import { devicesOf } from '../../../devices/registry/places.ts';
import { Completeness } from '../../../ingest/completeness/completeness.ts';
import { DeviceDays } from '../../../ingest/completeness/device-days.ts';
import { Messages } from '../../../ingest/explain/messages.ts';
import { PayloadSeal, PayloadSealing } from '../../../ingest/ledger/dead-letter-payloads.ts';
import { DeadLetterReplay } from '../../../ingest/ledger/dead-letter-replay.ts';
import { DeadLetters } from '../../../ingest/ledger/dead-letters.ts';
import { Ledger } from '../../../ingest/ledger/ledger.ts';
import { LedgerWatch, type LedgerWatchDeps } from '../../../ingest/ledger/ledger-watch.ts';
import type { Twin } from '../../../telemetry/twin/twin.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';
import type { Ingest } from './ingest.ts';

/** What answers for every message: the ledger and who watches it, what was put aside, and what became of each. */
export function openBooks(ground: Ground, devices: Devices, { ingest, twin }: { ingest: Ingest; twin: Twin }) {
  const { config, database, ownership, clock, observer, lifecycle } = ground;
  const { lanes, journals, incarnationOf, intake, guard, self } = ingest;
  const { kinds, directory, jurisdictions } = devices;
  const payloads = new PayloadSeal(ground.keys.vault);
  const firmwareOf = (id: string) => twin.latest(id)?.firmware ?? null;
  const jurisdictionOf = (id: string) => directory.get(id)?.identity.jurisdiction;
  const keeping = { database, incarnationOf, ownership, clock };
  const ledger = new Ledger({ ...keeping, journals, firmwareOf, jurisdictionOf, payloads });
  const days = new DeviceDays({ ...keeping, kinds, observer });
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
      const everyMs = config.ledger.checkS * 1000;
      const watch = new LedgerWatch({ ledger, self, alert, clock, observer, everyMs });
      watch.start();
      lifecycle.onStop('ledger watch', () => watch.stop());
    },
    deadLetters: new DeadLetters({ database, ownership, replay, clock }),
    messages: new Messages({ database, lanes, kinds, guard, jurisdictionOf }),
    completeness: new Completeness({
      database,
      days,
      kinds,
      clock,
      tree: jurisdictions,
      expected: (area, kind) => devicesOf(database, area, kind),
    }),
    /** The reader "completeness". */
    daysReader: days,
  };
}
