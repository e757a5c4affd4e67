import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceDeps } from '../../../src/app/local-services/child.ts';
import { DataDirectory } from '../../../src/app/local-services/data-directory.ts';
import { type LocalInflux, startInflux as startLocalInflux } from '../../../src/app/local-services/influx.ts';
import { forgetInstance } from '../../../src/app/local-services/postgres/instance.ts';
import {
  type LocalPostgres,
  startPostgres as startLocalPostgres,
} from '../../../src/app/local-services/postgres/postgres.ts';
import { type LocalRedis, startRedis as startLocalRedis } from '../../../src/app/local-services/redis.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { createObserver, KnownSecrets, type Observer } from '../../../src/core/observe.ts';
import { bringCluster } from './ready-cluster.ts';

/** The part of a tap test that owns what is started for it. */
export interface Owner {
  teardown(run: () => Promise<void> | void): void;
}

/** An observer that keeps quiet; set TEST_LOG_LEVEL to a level to see what happens. */
export function quietObserver(secrets = new KnownSecrets()): Observer {
  return createObserver({ level: process.env.TEST_LOG_LEVEL ?? 'silent', secrets });
}

export function serviceDeps(): ServiceDeps {
  const secrets = new KnownSecrets();
  return { clock: systemClock, observer: quietObserver(secrets), secrets };
}

/** A directory that is gone after the test, with everything a gateway keeps elsewhere because of it. */
export async function temporaryDirectory(t: Owner): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'cw-test-'));
  t.teardown(async () => {
    await forgetInstance(path);
    await rm(path, { recursive: true, force: true });
  });
  return path;
}

/** A private PostgreSQL for this test, without a schema; `url` is ready for Database.open. */
export function startPostgres(t: Owner): Promise<LocalPostgres> {
  return own(t, async (place, deps) => {
    await bringCluster(place.path, 'plain');
    return await startLocalPostgres(place, deps);
  });
}

/** A private Redis for this test. */
export function startRedis(t: Owner): Promise<LocalRedis> {
  return own(t, startLocalRedis);
}

/** A private InfluxDB 1.x on a port for this test, with its administrator's name and password. */
export function startInflux(t: Owner): Promise<LocalInflux> {
  return own(t, (place, deps) => startLocalInflux(place, deps, 'ports'));
}

type Start<Service> = (place: DataDirectory, deps: ServiceDeps) => Promise<Service>;

async function own<Service extends { stop(): Promise<void> }>(t: Owner, start: Start<Service>): Promise<Service> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-test-'));
  const deps = serviceDeps();
  const place = await DataDirectory.open(directory, deps.secrets);
  let service: Service | null = null;
  t.teardown(async () => {
    await service?.stop();
    await place.close();
    await forgetInstance(directory);
    await rm(directory, { recursive: true, force: true });
  });
  service = await start(place, deps);
  return service;
}
