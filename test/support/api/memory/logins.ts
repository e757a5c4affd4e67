import type { ApiDeps } from '../../../../src/api/deps.ts';
import { requireHere } from '../api-parts.ts';

/** A camera's login that is changed and shown at once. */
export function memoryLogins(): Pick<ApiDeps, 'logins' | 'secretChanges' | 'keptLogins' | 'loginReveal'> {
  const view = { id: 'r-1', device: 'camera-1', state: 'changed' as const, problem: null, steps: [], by: 'admin' };
  const login = { address: 'http://10.1.2.3/onvif', username: 'admin', password: 'shown' };
  return {
    logins: { begin: async () => ({ ...view, beganMs: 0, endedMs: 1 }), last: async () => null },
    secretChanges: {
      begin: async () => ({ ...view, problem: null, state: 'changed', beganMs: 0, endedMs: 1 }),
      last: async () => null,
    },
    keptLogins: {
      list: async () => [],
      recover: async (caller) => {
        requireHere(caller);
        return { state: 'right', problem: null };
      },
    },
    loginReveal: {
      reveal: async (caller) => {
        requireHere(caller);
        return { onvif: login, stream: null };
      },
    },
  };
}
