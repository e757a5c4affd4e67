import type { ApiLimits, ApiSettings } from '../../../src/api/deps.ts';
import { API_LIMITS } from '../../../src/api/server/limits.ts';

/** Settings of an API in tests, with the limits of a gateway. */
export const API_SETTINGS: ApiSettings = {
  cursorKey: Buffer.alloc(32, 7),
  version: '0.0.0-test',
  limits: API_LIMITS,
};

/** {@link API_SETTINGS} with other limits. */
export function limited(change: Partial<ApiLimits>): ApiSettings {
  return { ...API_SETTINGS, limits: { ...API_LIMITS, ...change } };
}
