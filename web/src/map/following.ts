import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { readGround } from './canvas/base.ts';
import { hasWebGl } from './canvas/gl-map.ts';
import { followDevices } from './store.ts';

/** Whether a map can be drawn; false for good once it turned out that it cannot. */
export const canDraw = signal(hasWebGl());

/** Keeps what a map shows in step with the gateway, as long as it is there. */
export function useFollowing(): void {
  useEffect(() => {
    const stop = new AbortController();
    void readGround(stop.signal);
    followDevices(stop.signal);
    return () => stop.abort();
  }, []);
}
