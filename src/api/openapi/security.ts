import type { Holder } from '../../access/rights.ts';

/** How the ways to show who one is stand in the OpenAPI document. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token, or `<deviceId>:<secret>` of a device.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'cw_session',
    description: 'A person, after POST /session.',
  },
  ownPage: {
    type: 'apiKey',
    in: 'header',
    name: 'x-citywatch',
    description: 'Always `console`. Goes with a session where something is changed; a foreign page cannot send it.',
  },
  broker: {
    type: 'apiKey',
    in: 'header',
    name: 'x-broker-secret',
    description: 'The secret of CITYWATCH_BROKER_SECRET; for the MQTT broker alone.',
  },
} as const;

/** One of these ways opens the operation; all names in one way are needed together. */
export type Security = { [scheme in keyof typeof SECURITY_SCHEMES]?: string[] }[];

/** The ways into a route for these holders of its right; none of them says that it is open to everybody. */
export function securityOf(method: string, holders: readonly Holder[]): Security {
  if (holders.length === 0) return [];
  if (holders.every((holder) => holder === 'device')) return [{ bearer: [] }];
  return [{ bearer: [] }, method === 'GET' ? { session: [] } : { session: [], ownPage: [] }];
}
