import type { AlertParts } from '../../../../../src/api/alert-parts.ts';
import { HERE, requireHere } from '../../api-parts.ts';

const AT = '2026-01-01T00:00:00.000Z';

/** One subscription to a webhook, of here. */
export function memorySubscriptions(): AlertParts['subscriptions'] {
  const subscription = {
    id: 's-1',
    name: 'centre',
    type: 'webhook',
    target: { url: 'https://centre.example/hook' },
    jurisdiction: HERE,
    police: null,
    severities: ['extreme'],
    confirms: false,
    level: 'station' as const,
    rules: null,
    departments: null,
    classes: null,
    state: 'active' as const,
    stateReason: null,
    createdBy: 'admin',
    createdAt: AT,
    previousSecretUntil: null,
  };
  return {
    create: async () => ({ subscription, secret: 'whsec_one-time' }),
    list: async () => [],
    remove: async (caller) => requireHere(caller),
    takeOver: async (caller) => requireHere(caller),
    deadLetters: async (caller) => {
      requireHere(caller);
      return [];
    },
    redrive: async (caller) => {
      requireHere(caller);
      return 0;
    },
  };
}

export const MEMORY_TOOLS: AlertParts['subscriptionTools'] = {
  test: async (caller) => {
    requireHere(caller);
    return { outcome: 'taken', status: 204 };
  },
  judge: async (caller) => {
    requireHere(caller);
    return [{ name: 'taken', verdict: 'passed', status: 204, says: 'It takes a right message.' }];
  },
  rotate: async (caller) => {
    requireHere(caller);
    return { secret: 'whsec_one-time', previousUntil: AT };
  },
};
