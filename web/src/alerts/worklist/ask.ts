import type { AlertQuery } from '../../types.ts';
import type { Filters } from './filters.ts';

/** What the gateway is asked for a page of the list. */
export function askOf(filters: Filters, limit: number, cursor?: string): string {
  const { desk, severity, handling, rule, district, kind, fromMs, toMs, mine, storm } = filters;
  const query: AlertQuery = {
    order: 'urgency',
    limit,
    ...(desk && { desk }),
    ...(severity && { severity }),
    ...(handling && (handling === 'open' ? { open: 'true' } : { handling })),
    ...(rule && { rule }),
    ...(district && { jurisdiction: district }),
    ...(kind && { kind }),
    ...(fromMs !== null && { from: new Date(fromMs).toISOString() }),
    ...(toMs !== null && { to: new Date(toMs).toISOString() }),
    ...(mine && { mine: 'true' }),
    ...(storm ? { storm } : { parts: 'false' }),
    ...(cursor !== undefined && { cursor }),
  };
  return new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
}
