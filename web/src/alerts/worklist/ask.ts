import type { AlertQuery } from '../../types.ts';
import type { Filters } from './filters.ts';

/** What the gateway is asked for a page of the list. */
export function askOf(filters: Filters, limit: number, cursor?: string): string {
  const { desk, severity, handling, rule } = filters;
  const query: AlertQuery = {
    order: 'urgency',
    limit,
    ...(desk && { desk }),
    ...(severity && { severity }),
    ...(handling && handling !== 'open' && { handling }),
    ...(rule && { rule }),
    ...(cursor !== undefined && { cursor }),
  };
  return new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
}
