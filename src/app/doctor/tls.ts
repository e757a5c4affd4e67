import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DAY_MS, toRfc3339 } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Registry } from '../../core/observe.ts';
import { fine, problem, type Remark, warning } from '../../core/setup/remarks.ts';
import { TlsFiles } from '../../platform/secrets/tls-files.ts';
import type { DoctorDeps } from './deps.ts';

const RENEW_BEFORE_DAYS = 30;

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

export function judgeExpiry(endsAtMs: number, nowMs: number): Remark {
  const remedy = 'renew it; the gateway reads the new files by itself';
  if (endsAtMs <= nowMs) return problem('tls', `the certificate ended at ${toRfc3339(endsAtMs)}`, remedy);
  const days = Math.floor((endsAtMs - nowMs) / DAY_MS);
  if (days < RENEW_BEFORE_DAYS) return warning('tls', `the certificate ends in ${days} days`, remedy);
  return fine('tls', `the certificate of HTTPS and MQTTS is good for ${days} days`);
}
