import type { NewMessage } from '../../../core/types.ts';
import { Past } from '../../../ingest/explain/past.ts';
import { Unheard } from '../../../ingest/explain/unheard.ts';
import { FEED_LIMITS, JournalFeed } from '../../../ingest/readers/journal-feed.ts';
import { GatewayWords } from '../../../ingest/uplinks/common/gateway-words.ts';
import { Intake } from '../../../ingest/uplinks/common/intake.ts';
import { MessageRate } from '../../../ingest/uplinks/common/message-rate.ts';
import { SelfReport } from '../../../ingest/uplinks/common/self-report.ts';
import type { UplinkDeps } from '../../../ingest/uplinks/uplink.ts';
import { VERSION } from '../../version.ts';
import type { Devices } from '../devices/devices.ts';
import { openCrashGuard } from '../ground/crash-guard.ts';
import type { Ground } from '../ground/ground.ts';
import { startDownlink } from './downlink.ts';
import { openJournals } from './journals.ts';
import { composePassages } from './passages.ts';
import { composeUplinks } from './uplinks.ts';

export type Ingest = Awaited<ReturnType<typeof openIngest>>;

/** The way of a message: uplinks, intake, journal and feed, and the way of a command down. No door is open yet. */
export async function openIngest(ground: Ground, devices: Devices, connected: UplinkDeps['connected']) {
  const { config, database, keys, clock, observer, lifecycle, lease } = ground;
  const { kinds, directory } = devices;
  const { lanes, incarnationOf, ofTwin } = await openJournals(ground);
  const journals = { live: lanes.live.journal, bulk: lanes.bulk.journal };
  const messageRate = new MessageRate({ clock, counts: () => journals.live.received().counts });
  messageRate.start();
  lifecycle.onStop('message rate', () => messageRate.stop());
  const words = new GatewayWords({ clock, kinds, version: VERSION });
  const intake = new Intake(journals, { lease, hidden: devices.toldSecrets, kinds, clock, observer, words });
  const accept = (message: NewMessage) => intake.accept(message);
  const guard = await openCrashGuard({ directory: ground.directoryOf, clock, observer, lifecycle });
  const downlink = await startDownlink({
    ...ground,
    kinds,
    directory,
    rights: devices.authority,
    journal: journals.live,
    incarnationOf,
  });
  return {
    lanes,
    journals,
    incarnationOf,
    ofTwin,
    messageRate,
    intake,
    accept,
    self: new SelfReport({ clock, observer, accept, words }),
    guard,
    feed: new JournalFeed({ lanes, kinds, guard, observer, limits: FEED_LIMITS }),
    past: new Past({ journal: journals.live, duplicates: lanes.live.duplicates, kinds, guard, clock }),
    unheard: new Unheard(kinds),
    downlink,
    uplinks: composeUplinks({ ...ground, intake, kinds, doors: devices.doors, guard, downlink, connected }),
    ...composePassages({
      database,
      ownership: ground.ownership,
      clock,
      believed: ground.believed,
      observer,
      directory,
      tree: devices.jurisdictions,
      register: devices.register,
      keepDays: config.passages.keepDays,
      plateKey: keys.plates,
      vaultKey: keys.vault,
    }),
  };
}
