import type { Clock } from '../../../core/clock.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { KnownSecrets, Observer } from '../../../core/observe.ts';
import { systemRandom } from '../../../core/random.ts';
import { CAMERA_GATE, CameraGate } from '../../../devices/onvif/gate/camera-gate.ts';
import { UPLINKS } from '../../../ingest/uplinks/uplinks.ts';
import { START_PATIENCE_MS } from '../../../platform/database/arrival.ts';
import { databaseId } from '../../../platform/database/database-id.ts';
import { RememberedTime } from '../../../platform/database/remembered-time.ts';
import { Follow } from '../../../platform/follow/follow.ts';
import { Outbound } from '../../../platform/outbound/outbound.ts';
import { watchLoopDelay } from '../../../platform/process/loop-delay.ts';
import { Idempotency } from '../../../platform/records/idempotency.ts';
import { openKeys } from '../../../platform/secrets/cluster-keys.ts';
import { TlsFiles } from '../../../platform/secrets/tls-files.ts';
import { Vault } from '../../../platform/secrets/vault.ts';
import { Doorbell } from '../../../platform/work/jobs.ts';
import { WorkQueue } from '../../../platform/work/work.ts';
import { AuthorityWatch, cameraAuthorities } from '../../config/camera-authorities.ts';
import type { Config } from '../../config/config.ts';
import { vaultKey } from '../../config/vault-key.ts';
import { examineNeeded, refuseProblems } from '../../doctor/doctor.ts';
import { DataDirectory } from '../../local-services/data-directory.ts';
import { openDatabase } from './database.ts';
import { refuseTakenPorts } from './ports.ts';
import { openRecords } from './records.ts';
import { startServices } from './services.ts';

export interface GroundInput {
  config: Config;
  observer: Observer;
  secrets: KnownSecrets;
  clock: Clock;
  lifecycle: Lifecycle;
  /** Called once the servers have been started and only their answers are waited for: time for work of our own. */
  meanwhile(): void;
  /** Aborted when somebody asks to stop, perhaps before the start is over. */
  ended: AbortSignal;
}

export type Ground = Awaited<ReturnType<typeof openGround>>;

/** What everything stands on: data directory, servers, database, keys, work, and what all parts write down alike. */
export async function openGround({ config, observer, secrets, clock, lifecycle, ended, meanwhile }: GroundInput) {
  lifecycle.onStop('delays of the event loop', watchLoopDelay(clock, observer));
  const tls = await TlsFiles.open(config.tls, { clock, observer });
  const authorities = await cameraAuthorities(config.cameras.caFile);
  const outbound = new Outbound({ clock, observer, authorities });
  lifecycle.onStop('outbound', () => outbound.close());
  const { caFile } = config.cameras;
  if (caFile !== null) {
    const trust = (pem: string): void => outbound.trust('cameras', pem);
    const watch = new AuthorityWatch(caFile, authorities.cameras ?? '', { clock, observer, trust });
    watch.start();
    lifecycle.onStop('certificates of cameras', () => watch.stop());
  }
  const gate = new CameraGate({ outbound, clock, observer, random: systemRandom }, CAMERA_GATE);
  const onvif = { networks: config.networks.cameras, clock };
  refuseProblems(await examineNeeded({ config, clock, observer, outbound, ended }, START_PATIENCE_MS), observer);
  const place = await DataDirectory.open(config.dataDir, secrets);
  lifecycle.onStop('data directory', () => place.close());
  await refuseTakenPorts(config, UPLINKS);
  const services = await startServices(config, place, { clock, observer, secrets, ended, meanwhile }, lifecycle);
  const opened = await openDatabase(services.database, { config, place, clock, observer, lifecycle, ended });
  const { shares } = opened;
  const database = shares.general;
  const follow = await Follow.open({ database, url: services.database, clock, observer });
  const keys = await openKeys({ database, files: place, vaultKey: await vaultKey(config) });
  const registers = await openRecords({
    ...opened,
    config,
    place,
    database,
    seed: keys.registers,
    clock,
    observer,
    lifecycle,
  });
  const work = new WorkQueue({ database: shares.alerts, clock, observer, ownership: opened.ownership });
  return {
    config,
    observer,
    clock,
    lifecycle,
    tls,
    outbound,
    /** How cameras are spoken to: by the gateway for itself, and for people who wait for it. */
    cameras: { machines: { ...onvif, outbound: gate.machines }, people: { ...onvif, outbound: gate.people } },
    place,
    directoryOf: (name: string): Promise<string> => place.directory(name),
    services,
    ...opened,
    database,
    follow,
    keys,
    registers,
    believed: await RememberedTime.open({ ...opened, database, clock }),
    vault: new Vault(keys.vault),
    work,
    doorbell: new Doorbell({ redisUrl: services.redis, databaseId: await databaseId(database), work, clock, observer }),
    idempotency: new Idempotency({ database, clock }),
  };
}
