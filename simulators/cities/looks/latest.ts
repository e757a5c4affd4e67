import type { Looked } from '../../fleet/ledger-lines.ts';
import type { GatewayClient } from '../../gateway-client.ts';
import type { Citizen } from '../city.ts';

/** So many devices are looked at, spread over the city. */
const LOOKS_MAX = 100;
/** What a clock may be ahead beside what its habits say: then a gateway goes by when it heard of a value. */
const SPARE_MS = 1_000;

interface Latest {
  fields: Record<string, { at: string }>;
}

/**
 * What the gateway shows of some devices, against the newest that each of them sent. A device whose clock is ahead is
 * given that much.
 */
export async function lookAtLatest(
  gateway: GatewayClient,
  citizens: readonly Citizen[],
  newest: readonly { id: string; tsMs: number }[],
): Promise<Looked[]> {
  const skews = new Map(citizens.map(({ sender }) => [sender.being.id, sender.habits.clockSkewS * 1_000]));
  const spoke = newest.filter(({ tsMs }) => tsMs > 0);
  const every = Math.max(1, Math.ceil(spoke.length / LOOKS_MAX));
  const found: Looked[] = [];
  for (let at = 0; at < spoke.length; at += every) {
    const { id, tsMs } = spoke[at]!;
    const { fields } = (await gateway.call('GET', `/devices/${id}/latest`)).body as Latest;
    const times = Object.values(fields).map((field) => Date.parse(field.at));
    const shownMs = times.length === 0 ? null : Math.max(...times);
    found.push({ device: id, shownMs, sentMs: tsMs - (skews.get(id) ?? 0) - SPARE_MS });
  }
  return found;
}
