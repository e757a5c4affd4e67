import { measureMachine, refuseTooMuch } from '../cities/carry.ts';
import { buildCity, type CityChoice } from '../cities/city.ts';
import { until } from '../cities/hearing.ts';
import { Provision } from '../cities/provision.ts';
import { headOf, type RunOptions } from '../cities/run.ts';
import { isLoopback } from '../cities/targets.ts';
import { watch } from '../cities/watch.ts';
import { Fleet } from '../fleet/fleet.ts';
import type { Ledger } from '../fleet/ledger.ts';
import { line } from '../fleet/ledger-lines.ts';
import { GatewayClient } from '../gateway-client.ts';
import { type Part, refuseLate, shareOf } from './share.ts';

const CONNECT_MS = 120_000;
const ANSWERS_WAIT_MS = 15_000;
const ADDRESSES = 65_534;

/**
 * A part of a city that is not the first: registers its devices and lets them live. All that a city has once, such as
 * its command centre, the first part has; what was made stays, as the other parts may still be under way.
 */
export async function livePart(options: RunOptions, part: Part, ledger: Ledger): Promise<void> {
  const { file, seed, scale, prefix, doors, token, run, signal, say } = options;
  const choice: CityChoice = { seed, scale, prefix, beginAtMs: part.beginAtMs };
  const city = shareOf(buildCity(file, choice), part);
  refuseTooMuch(city, measureMachine(city), { scale, beside: isLoopback(doors) });
  const provision = new Provision(new GatewayClient(doors.http.href, token), prefix);
  const secrets = await provision.register(city.citizens, (done) => say(`Registered ${done}`));
  const members = city.citizens.map(({ sender, speech, district }) => {
    return { sender, speech, district, secret: secrets.get(sender.being.id) ?? '' };
  });
  const ownAddresses = isLoopback(doors);
  const fleet = new Fleet({
    run,
    members,
    doors,
    ledger,
    ownAddresses,
    addressesFrom: firstAddressOf(part),
    nowMs: Date.now,
  });
  try {
    await fleet.connect(CONNECT_MS, signal);
    refuseLate(part, Date.now());
    ledger.add(line.head(headOf(options, part.beginAtMs)));
    fleet.begin(part.beginAtMs, { world: city.world, senders: city.citizens.map(({ sender }) => sender) });
    await watch(options, { fleet, ledger, stages: null, endAtMs: part.beginAtMs + options.forMs });
    fleet.pause();
    await until(() => fleet.waiting === 0, ANSWERS_WAIT_MS);
    for (const one of fleet.owed()) ledger.add(line.owed(one));
  } finally {
    fleet.pause();
    await fleet.close();
  }
}

/** Of several parts on one machine each has source addresses of its own. */
export function firstAddressOf({ index, of }: Pick<Part, 'index' | 'of'>): number {
  return Math.floor(ADDRESSES / of) * (index - 1);
}
