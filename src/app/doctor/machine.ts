import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fine, problem, type Remark, warning } from '../../core/setup/remarks.ts';
import type { UplinkType } from '../../ingest/uplinks/uplink.ts';
import { listenersOf } from '../../ingest/uplinks/uplinks.ts';
import { findingOf } from '../../platform/files/disk-watch.ts';
import { lookAtDisks } from '../../platform/files/disks.ts';
import { placesOnDisk } from '../health/places-on-disk.ts';
import { dataDirectoryIsHeld, ownerProblem } from '../local-services/data-directory.ts';
import { listenProblem } from '../local-services/ports.ts';
import { run } from '../local-services/run.ts';
import type { DoctorDeps } from './deps.ts';

/** Years in which this program can run; outside them the clock is wrong, and with it every time that is stored. */
const YEARS = { first: 2025, last: 2099 };

export async function checkDataDirectory({ config }: DoctorDeps): Promise<Remark[]> {
  const part = 'data directory';
  const { dataDir } = config;
  const isThere = await stat(dataDir).then(
    () => true,
    () => false,
  );
  if (!isThere) return [fine(part, `${dataDir} will be made`)];
  const wrong = await ownerProblem(dataDir);
  if (wrong) return [problem(part, wrong.what, wrong.remedy)];
  const open = await openSecrets(join(dataDir, 'secrets'));
  if (open.length > 0) return [problem(part, `others may read ${open.join(', ')}`, `run chmod 600 ${open.join(' ')}`)];
  return [fine(part, dataDir)];
}

async function openSecrets(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const modes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).mode));
  return names.filter((_, index) => ((modes[index] ?? 0) & 0o077) !== 0).map((name) => join(directory, name));
}

export async function checkDisk({ config, clock }: DoctorDeps): Promise<Remark[]> {
  const verdicts = await lookAtDisks(await placesOnDisk(config), () => clock.monotonicMs());
  return verdicts.map(findingOf);
}

export async function checkClock({ clock }: DoctorDeps): Promise<Remark[]> {
  const now = new Date(clock.nowMs());
  const year = now.getUTCFullYear();
  const remedy = 'set it, and let NTP keep it (timedatectl set-ntp true)';
  if (year < YEARS.first || year > YEARS.last) return [problem('clock', `the clock says ${now.toISOString()}`, remedy)];
  return [fine('clock', now.toISOString())];
}

/** Whether somebody keeps the clock, as far as systemd knows; where it does not run, nothing is said. */
export async function checkTimeKeeping(_: DoctorDeps, signal: AbortSignal): Promise<Remark[]> {
  const said = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { signal }).catch(
    () => null,
  );
  return judgeTimeKeeping(said?.status === 0 ? said.stdout : '');
}

export function judgeTimeKeeping(said: string): Remark[] {
  if (said.trim() !== 'no') return [];
  const remedy = 'let NTP keep it (timedatectl set-ntp true); in a container, on the machine around it';
  return [warning('clock', 'nobody keeps the clock in time', remedy)];
}

/** Whether the ports that these uplinks would listen on are free. */
export async function checkPorts({ config }: DoctorDeps, types: readonly UplinkType[]): Promise<Remark[]> {
  if (await dataDirectoryIsHeld(config.dataDir)) return [fine('ports', 'in use by the gateway that is running')];
  const hasTls = config.tls.certFile !== null;
  return Promise.all(
    listenersOf(types, config, hasTls).map(async ({ host, port, setting }) => {
      const code = await listenProblem(host, port);
      if (code === null) return fine('ports', `${host}:${port} is free`);
      const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
      return problem('ports', `${host}:${port} ${why}`, `set ${setting} to another port, or end what uses it`);
    }),
  );
}
