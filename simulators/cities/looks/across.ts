import type { Refusal } from '../../fleet/ledger-lines.ts';
import { type GatewayClient, GatewayError } from '../../gateway-client.ts';
import type { Citizen } from '../city.ts';

/** So many devices of other districts are asked for by name. */
const ASKED_MAX = 10;
const PAGE = 500;

interface Listed {
  jurisdiction: string;
}

/**
 * What somebody is shown who may see one district alone: whatever lies elsewhere is a thing let out. Looks at a page of
 * devices and of alerts, and asks for devices of other districts by name, which must not be found.
 * @param reader whose token is of that district
 */
export async function lookAcross(
  reader: Pick<GatewayClient, 'call'>,
  citizens: readonly Citizen[],
  district: string,
): Promise<Refusal> {
  let [tries, letIn] = [0, 0];
  for (const path of [`/devices?limit=${PAGE}`, `/alerts?desk=all&limit=${PAGE}`]) {
    const { items } = (await reader.call('GET', path)).body as { items: Listed[] };
    tries += items.length;
    letIn += items.filter(({ jurisdiction }) => !jurisdiction.startsWith(district)).length;
  }
  const foreign = citizens.filter((one) => one.district !== district).slice(0, ASKED_MAX);
  for (const { sender } of foreign) {
    for (const path of [`/devices/${sender.being.id}`, `/devices/${sender.being.id}/latest`]) {
      tries += 1;
      if (await isAnswered(reader, path)) letIn += 1;
    }
  }
  return { what: 'reader of another district', tries, letIn };
}

async function isAnswered(reader: Pick<GatewayClient, 'call'>, path: string): Promise<boolean> {
  try {
    await reader.call('GET', path);
    return true;
  } catch (error) {
    if (error instanceof GatewayError && (error.status === 403 || error.status === 404)) return false;
    throw error;
  }
}
