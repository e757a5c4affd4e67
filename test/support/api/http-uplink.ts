import type { ApiDeps } from '../../../src/api/deps.ts';
import type { Lane, NewMessage } from '../../../src/core/types.ts';
import { UNLIMITED_RATES } from '../../../src/ingest/uplinks/common/rate-budget.ts';
import { HttpUplink } from '../../../src/ingest/uplinks/http/uplink.ts';
import type { UplinkDeps, UplinkIntake } from '../../../src/ingest/uplinks/uplink.ts';

/** What a test of the API brings of the uplink behind it. */
export interface HttpParts {
  intake?: UplinkIntake;
  preview?: UplinkDeps['preview'];
  kindRates?: Pick<UplinkDeps['rates'], 'take' | 'devicePerS'>;
}

/** A journal that takes everything into `messages`. */
export function memoryIntake(messages: NewMessage[]): UplinkIntake {
  const take = (lane: Lane) => async (message: NewMessage) => {
    const offset = messages.push(message);
    return { id: `${lane}-${offset}`, position: { lane, offset } };
  };
  return { accept: take('live'), acceptBulk: take('bulk') };
}

const NO_KIND_RATES = { take: () => 0, devicePerS: () => undefined };

/** The uplink of HTTP, started. */
export async function httpUplink(
  { clock, directory }: Pick<ApiDeps, 'clock' | 'directory'>,
  { intake = memoryIntake([]), preview = () => null, kindRates = NO_KIND_RATES }: HttpParts,
): Promise<HttpUplink> {
  const rates = { ...UNLIMITED_RATES, ...kindRates };
  const http = new HttpUplink({ clock, devices: directory, intake, rates, preview });
  await http.start();
  return http;
}
