import { CitywatchError } from '../core/errors.ts';
import type { Check, Health } from './health.ts';

/** What each part is asked. */
export interface HealthParts {
  database: { ping(): Promise<void> };
  doorbell: { up(): boolean };
  store: { ping(): Promise<unknown> };
  writer: { status(): { ok: boolean; reason: string | null } };
  door: { check(): void };
  streams: { processes(): { spawner: number | null }; readonly gap: string | null };
  intake: { full(): boolean };
}

type Checks = ConstructorParameters<typeof Health>[1];

/** How each part is asked whether it is well, and whether the gateway is ready without it. */
export function healthChecks({ database, doorbell, store, writer, door, streams, intake }: HealthParts): Checks {
  const needed = (check: Check) => ({ needed: true, check });
  const useful = (check: Check) => ({ needed: false, check });
  return {
    postgres: needed(() => database.ping()),
    redis: useful(() => refuseUnless(doorbell.up(), 'no connection; alerts go on without it')),
    influx: useful(async () => {
      await store.ping();
      const { ok, reason } = writer.status();
      refuseUnless(ok, reason ?? '');
    }),
    mqtt: needed(() => door.check()),
    ffmpeg: useful(() => {
      refuseUnless(streams.processes().spawner !== null, 'spawner is down');
      return streams.gap;
    }),
    journal: needed(() => refuseUnless(!intake.full(), 'the disk is nearly full: nothing is acked')),
  };
}

function refuseUnless(well: boolean, reason: string): void {
  if (!well) throw new CitywatchError('store.unavailable', { detail: reason });
}
