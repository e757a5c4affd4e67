import { AlertBundles } from '../../../alerts/evidence/bundles/bundles.ts';
import { BundleContents } from '../../../alerts/evidence/bundles/contents.ts';
import type { BundleReadings, BundleRights } from '../../../alerts/evidence/bundles/ports.ts';
import type { ClipsPort } from '../../../alerts/evidence/clips-port.ts';
import type { RuleBook } from '../../../alerts/rules/rule-book.ts';
import { placesOf } from '../../../devices/registry/places.ts';
import { freeBytesOf } from '../../../platform/files/disks.ts';
import { Signer } from '../../../platform/records/signing.ts';
import { BundleExports } from '../../../streams/exports/bundles.ts';
import type { RecordingExport } from '../../../streams/exports/export.ts';
import { BUNDLES_QUEUE } from '../../../streams/exports/export-steps.ts';
import type { Exports } from '../../../telemetry/history/export.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';
import type { composeAlerting } from './alerting.ts';

/** What bundles of alerts are made of. */
interface Bundled {
  alerting: Awaited<ReturnType<typeof composeAlerting>>;
  book: RuleBook;
  clips: ClipsPort;
  stored: Pick<Exports, 'open'>;
}

/** Signed bundles of what belongs to an alert: what is in them is told by alerts, and written as exports are. */
export async function composeBundles(
  ground: Ground,
  devices: Devices,
  { alerting, book, clips, stored }: Bundled,
): Promise<AlertBundles<RecordingExport>> {
  const { database, clock, observer, work, place, keys, config } = ground;
  const { queries, evidence, looks, plateBox, hits } = alerting;
  const rights = rightsOf(devices, alerting);
  const source = new BundleContents({
    database,
    clock,
    queries,
    evidence,
    clips,
    rights,
    readings: readingsOf(devices, stored),
    hits,
    box: plateBox,
    wantsClip: (rule) => book.wantsClip(rule),
  });
  const exports = new BundleExports({
    database,
    clock,
    observer,
    source,
    directory: await place.directory('exports'),
    freeBytes: freeBytesOf,
    signer: new Signer(keys.exports),
    needsApproval: config.recordings.exportApproval === 'other-person',
    namesOf: (ids) => placesOf(database, ids),
  });
  work.handle(BUNDLES_QUEUE, (id) => exports.handle(id), { atOnce: 2 });
  return new AlertBundles({ database, queries, exports, rights, looks, register: devices.register });
}

function rightsOf(
  { authority, standing, directory }: Devices,
  { permits }: Pick<Bundled['alerting'], 'permits'>,
): BundleRights {
  return {
    now: (owner) => standing.ownerNow(owner, 'recordings.export'),
    mayRead: (caller, { desk }) =>
      authority.may(caller, 'alerts.read') || (desk === 'maintenance' && authority.may(caller, 'faults.read')),
    mayLook: (caller) => authority.may(caller, 'alerts.look'),
    maySeePlates: (caller, of) => authority.may(caller, 'alerts.plates', of) || permits.of(caller.id, of) !== null,
    needsIncident: (camera) => directory.needsIncident(camera),
  };
}

function readingsOf({ authority, directory }: Devices, stored: Bundled['stored']): BundleReadings {
  return {
    of: async (caller, id, { fromMs, toMs, purpose, case: named }) => {
      const device = authority.may(caller, 'telemetry.export') ? directory.everSeenBy(caller, id) : undefined;
      if (!device) return null;
      const query = { fromMs, toMs, format: 'csv' as const };
      const reason = () => ({ purpose, case: named });
      const { pieces } = await stored.open({ caller, device, query, reason }, new AbortController().signal);
      return pieces;
    },
  };
}
