import type { DeviceId } from '../../core/types.ts';
import type { DeviceHealth } from '../health/book.ts';
import { wordsOf } from '../health/words.ts';
import type { Occasion } from './orders.ts';

/** How devices are, by all that is known of them. */
export interface HealthPort {
  /** Null for a device that does not stand. */
  of(id: DeviceId): DeviceHealth | null;
}

/** What is wrong with a device that somebody has to go to. */
export interface Fault {
  /** `together`: what hangs on it is dark together. */
  kind: 'offline' | 'together';
  /** What was judged, as one sentence in two languages. */
  detail: string | null;
  /** Unix ms; null where nobody knows. */
  sinceMs: number | null;
}

/** Null for a device that is there, and for one of which nothing was ever heard. */
export function faultOf(health: DeviceHealth | null): Fault | null {
  if (health === null) return null;
  const isTogether = health.cause === 'children-together';
  if (!isTogether && health.health !== 'offline') return null;
  const words = wordsOf(health, health.because);
  const detail = words && `${words.zh} ${words.en}`;
  return { kind: isTogether ? 'together' : 'offline', detail, sinceMs: health.sinceMs };
}

/** Of orders that a fault opens. */
export const CAUSES = { offline: 'fault:offline', together: 'fault:offline-together' } as const;
const TITLES = { offline: '离线 Offline', together: '下挂设备同时离线 What hangs on it is offline' } as const;

/**
 * The occasion for a work order; one that was told since the fault began is not told again. `others`: how many devices
 * of its district went offline with it.
 */
export function occasionOf(device: DeviceId, { kind, detail, sinceMs }: Fault, others = 0): Occasion {
  const began = sinceMs === null ? {} : { sinceMs };
  const beside = `同区另有 ${others} 台设备同时离线 ${others} more of the district went offline with it`;
  const text = others > 0 ? [detail, beside].filter(Boolean).join(' ') : detail;
  return { device, cause: CAUSES[kind], title: TITLES[kind], text, ...began };
}
