import { type Clock, DAY_MS } from '../../core/clock.ts';
import { OnvifError } from './problems.ts';
import { at, type XmlElement } from './xml.ts';

/** A camera without battery says 1970; what is off by more than this is no clock. */
const SKEW_MAX_MS = 200 * 365 * DAY_MS;

/**
 * The camera's clock minus ours, from its answer to GetSystemDateAndTime, or null when it does not tell. Asked first
 * and without login, so that a login can be made for the camera's own clock.
 */
export async function measureSkew(ask: () => Promise<XmlElement>, clock: Clock): Promise<number | null> {
  const beforeMs = clock.nowMs();
  try {
    const cameraMs = readUtc(at(await ask(), 'SystemDateAndTime', 'UTCDateTime'));
    // The camera tells whole seconds, so its clock stands half a second later on average.
    const skewMs = (cameraMs ?? Number.NaN) + 500 - (beforeMs + clock.nowMs()) / 2;
    return Math.abs(skewMs) <= SKEW_MAX_MS ? skewMs : null;
  } catch (error) {
    if (error instanceof OnvifError && ['auth', 'unsupported', 'device-fault'].includes(error.problem)) return null;
    throw error;
  }
}

function readUtc(utc: XmlElement | undefined): number | null {
  const read = (...path: string[]): number => Number(at(utc, ...path)?.text || Number.NaN);
  const date = [read('Date', 'Year'), read('Date', 'Month') - 1, read('Date', 'Day')] as const;
  const time = [read('Time', 'Hour'), read('Time', 'Minute'), read('Time', 'Second')] as const;
  const utcMs = Date.UTC(...date, ...time);
  return Number.isFinite(utcMs) ? utcMs : null;
}
