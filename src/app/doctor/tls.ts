import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DAY_MS, toRfc3339 } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Registry } from '../../core/observe.ts';
import { fine, problem, type Remark, warning } from '../../core/setup/remarks.ts';
import { TlsFiles } from '../../platform/secrets/tls-files.ts';
import { readAuthorities } from '../config/camera-authorities.ts';
import type { DoctorDeps } from './deps.ts';

const RENEW_BEFORE_DAYS = 30;
const CAMERAS = 'cameras';

/** Certificate and key of HTTPS and MQTTS, where they are set: whether they can be used, and how long. */
export async function checkTls({ config, clock, observer }: DoctorDeps): Promise<Remark[]> {
  const { certFile } = config.tls;
  if (certFile === null) return [];
  try {
    await TlsFiles.open(config.tls, { clock, observer: { log: observer.log, metrics: new Registry() } });
    const { validTo } = new X509Certificate(await readFile(certFile));
    return [judgeExpiry(Date.parse(validTo), clock.nowMs())];
  } catch (error) {
    return [problem('tls', messageOf(error), 'mend the file that the setting names')];
  }
}

/** The certificates that cameras are trusted by, where they are named: whether they can be used, and how long. */
export async function checkCameraAuthorities({ config, clock }: DoctorDeps): Promise<Remark[]> {
  const { caFile } = config.cameras;
  if (caFile === null) return [];
  try {
    return judgeAuthorities((await readAuthorities(caFile)).certificates, clock.nowMs());
  } catch (error) {
    return [problem(CAMERAS, messageOf(error), 'mend the file that the setting names')];
  }
}

/** One remark for each certificate that ended or ends soon, or one for all. */
export function judgeAuthorities(certificates: readonly X509Certificate[], nowMs: number): Remark[] {
  const remedy = 'put the new one into the file; the gateway reads it again by itself';
  const remarks = certificates.flatMap((one, index): Remark[] => {
    const which = `certificate ${index + 1} of ${certificates.length} (SHA-256 ${one.fingerprint256.slice(0, 11)}…)`;
    const endsAtMs = Date.parse(one.validTo);
    const days = Math.floor((endsAtMs - nowMs) / DAY_MS);
    if (endsAtMs <= nowMs) return [warning(CAMERAS, `${which} ended at ${toRfc3339(endsAtMs)}`, remedy)];
    return days < RENEW_BEFORE_DAYS ? [warning(CAMERAS, `${which} ends in ${days} days`, remedy)] : [];
  });
  return remarks.length > 0
    ? remarks
    : [fine(CAMERAS, `${certificates.length} certificates are good for a month or more`)];
}

export function judgeExpiry(endsAtMs: number, nowMs: number): Remark {
  const remedy = 'renew it; the gateway reads the new files by itself';
  if (endsAtMs <= nowMs) return problem('tls', `the certificate ended at ${toRfc3339(endsAtMs)}`, remedy);
  const days = Math.floor((endsAtMs - nowMs) / DAY_MS);
  if (days < RENEW_BEFORE_DAYS) return warning('tls', `the certificate ends in ${days} days`, remedy);
  return fine('tls', `the certificate of HTTPS and MQTTS is good for ${days} days`);
}
