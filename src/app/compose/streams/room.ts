import { DISK_OPTIONS } from '../../../streams/recorder/disk/disk-options.ts';
import { DiskWatch } from '../../../streams/recorder/disk/disk-watch.ts';
import type { openRecorder } from '../../../streams/recorder/open-recorder.ts';
import type { RecordingPlans } from '../../../streams/recorder/plan/plans.ts';
import type { RecordingClass } from '../../../streams/recordings/classes.ts';
import { Leaving } from '../../../streams/recordings/leaving.ts';
import { RecordPruning } from '../../../streams/recordings/proofs/prune-records.ts';
import { RemovalWitness } from '../../../streams/recordings/proofs/removal-witness.ts';
import { Retention } from '../../../streams/recordings/retention.ts';
import { Outlook, type OutlookDeps } from '../../../streams/recordings/room/outlook.ts';
import { Room } from '../../../streams/recordings/room/room.ts';
import type { Config } from '../../config/config.ts';
import { keptDaysOf, quotaBytesOf } from '../../config/recording-settings.ts';
import type { Ground } from '../ground/ground.ts';

/** Where the gateway raises alerts of itself. */
export interface RoomAlerts {
  set(name: string, holds: boolean, data: Record<string, string | number>): Promise<void>;
}

interface Recorded extends ReturnType<typeof openRecorder>, Pick<OutlookDeps, 'isCamera' | 'classOf'> {
  plans: RecordingPlans;
  /** The classes that give way, as the recorder asks for them. */
  stopped: Set<RecordingClass>;
}

/** What keeps room on the disks of recordings, removes what is past its time, and looks ahead. Starts nothing. */
export function composeRoom(ground: Ground, { recordings, disks, stopped, ...cameras }: Recorded) {
  const { config, clock, believed, observer, database, ownership, lifecycle } = ground;
  const { plans, isCamera, classOf } = cameras;
  const leastDays = keptDaysOf(config.recordings, 'least');
  const mostDays = keptDaysOf(config.recordings, 'most');
  const leaving = new Leaving({ database, ownership });
  const retention = new Retention({ observer, recordings, leaving, disks, leastDays, mostDays });
  const pruning = new RecordPruning({ database, ownership });
  const witness = new RemovalWitness({ database, ownership });
  const settings = settingsOf(config);
  const asked = {
    clock,
    observer,
    database,
    recordings,
    disk: disks.whole,
    plans,
    isCamera,
    classOf,
    leastDays,
    settings,
  };
  const outlook = new Outlook(asked);
  const quota = () => outlook.quota;
  const room = new Room({
    clock,
    believed,
    observer,
    disk: disks.whole,
    retention,
    settings,
    quota,
    stopped,
  });
  const refusals = () => (plans.wanted(clock.nowMs()).length === 0 ? [] : disks.refusals());
  return {
    async tidy(nowMs: number): Promise<void> {
      // A disk that is away keeps no old row.
      await retention.tidy(nowMs).finally(() => pruning.prune(nowMs));
      await witness.note(nowMs);
    },
    problem: (): string | null => disks.refusals().join(' ') || room.problem,
    notes: () => outlook.notes,
    start(alerts: RoomAlerts): void {
      const alert = (isWrong: boolean, data: Record<string, string | number>) =>
        alerts.set('recording-disk', isWrong, data);
      const watch = new DiskWatch({ clock, observer, refusals, alert });
      watch.start();
      lifecycle.onStop('disks of recordings', () => watch.stop());
      room.start((isBelow, data) => alerts.set('retention-below-law', isBelow, data));
      lifecycle.onStop('room of recordings', () => room.stop());
      outlook.start((isNear, data) => alerts.set('recordings-nearly-full', isNear, data));
      lifecycle.onStop('outlook of recordings', () => outlook.stop());
    },
  };
}

const GiB = 1024 ** 3;

function settingsOf({ recordings }: Config): OutlookDeps['settings'] {
  const { freeGiB, freePercent } = recordings;
  const quotaBytes = quotaBytesOf(recordings);
  return { freeBytes: freeGiB * GiB, freePercent, reserveBytes: DISK_OPTIONS.reserveBytes, quotaBytes };
}
