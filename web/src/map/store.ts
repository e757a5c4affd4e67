import { computed, effect, signal } from '@preact/signals';
import { onHeard } from '../alerts/heard.ts';
import { ApiError, get } from '../api.ts';
import { may, noticeEnd, whoIs } from '../session.ts';
import { nowMs, pause, retryPause } from '../ticker.ts';
import type { DeviceColumns, MovingColumns } from '../types.ts';
import { devicesOf, type MapDevice, moved } from './devices.ts';
import { Wake } from './wake.ts';

/** How devices are changes by itself; alerts are heard of at once. */
const EVERY_MS = 20_000;
/** While alerts come all the time, the map follows them this often. */
const AFTER_ALERT_MS = 2_000;
/**
 * Vehicles report every 30 s. The stream of events is of alerts; where vehicles are is asked for, so that thousands of
 * them cost a window one answer and not thousands of events.
 */
const MOVING_MS = 5_000;
const BACKOFF_MAX_MS = 15_000;
/** Two answers that did not come: from here on the map says how old it is. */
const OLD_MS = 45_000;

const standing = signal<readonly MapDevice[]>([]);
const NOTHING_MOVES: MovingColumns = { id: [], lon: [], lat: [], atMs: [] };
const moving = signal<MovingColumns>(NOTHING_MOVES);

/** Every device that this person may see. */
export const devices = computed(() => moved(standing.value, moving.value));
export const loaded = signal(false);
export const failed = signal(false);
const readAtMs = signal<number | null>(null);
/** How old what the map shows is, once that is more than it may be; else null. */
export const oldMs = computed(() => {
  if (readAtMs.value === null) return null;
  const ageMs = nowMs.value - readAtMs.value;
  return ageMs > OLD_MS ? ageMs : null;
});
/** Whether the gateway has more devices than a map takes. */
export const truncated = signal(false);

// What one person may see is nothing for the next one at this desk.
effect(() => {
  void whoIs.value;
  forgetDevices();
  forgetMoving();
});

/** Keeps the devices in step with the gateway until `signal` is aborted. */
export function followDevices(signal: AbortSignal): void {
  const wake = new Wake({ leastMs: AFTER_ALERT_MS, mostMs: EVERY_MS, pause });
  onHeard(() => wake.up(), signal);
  const read = (ended: AbortSignal): Promise<void> => {
    wake.begin();
    return readDevices(ended);
  };
  void repeat({ read, forget: forgetDevices, wait: (ended) => wake.wait(ended) }, signal);
  if (!may('telemetry.read')) return;
  void repeat({ read: readMoving, forget: forgetMoving, wait: (ended) => pause(MOVING_MS, ended) }, signal);
}

interface Followed {
  read(signal: AbortSignal): Promise<void>;
  wait(signal: AbortSignal): Promise<void>;
  /** The right to it was withdrawn. */
  forget(): void;
}

async function repeat({ read, wait, forget }: Followed, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      if (!document.hidden) await read(signal);
      failures = 0;
      await wait(signal);
    } catch (error) {
      if (signal.aborted) return;
      noticeEnd(error);
      if (error instanceof ApiError && error.status === 403) forget();
      failures += 1;
      failed.value = !loaded.value;
      await retryPause(failures, BACKOFF_MAX_MS, signal).catch(() => undefined);
    }
  }
}

async function readDevices(signal: AbortSignal): Promise<void> {
  const answer = await ofOnePerson<DeviceColumns>('/map/devices', signal);
  standing.value = devicesOf(answer);
  truncated.value = answer.truncated;
  loaded.value = true;
  failed.value = false;
  readAtMs.value = nowMs.value;
}

async function readMoving(signal: AbortSignal): Promise<void> {
  moving.value = await ofOnePerson<MovingColumns>('/map/moving', signal);
}

/** Rejects where somebody else asks by now. */
async function ofOnePerson<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  const asker = whoIs.value;
  const answer = await get<Answer>(path, signal);
  if (signal.aborted || whoIs.value !== asker) throw new DOMException('asked by somebody else', 'AbortError');
  return answer;
}

function forgetDevices(): void {
  standing.value = [];
  truncated.value = false;
  loaded.value = false;
  failed.value = false;
  readAtMs.value = null;
}

function forgetMoving(): void {
  moving.value = NOTHING_MOVES;
}
