import { CitywatchError, type Issue } from '../../../core/errors.ts';
import { whyNotListening } from '../../../core/setup/listening.ts';
import type { UplinkType } from '../../../ingest/uplinks/uplink.ts';
import { listenersOf } from '../../../ingest/uplinks/uplinks.ts';
import type { Config } from '../../config/config.ts';
import { listenProblem } from '../../local-services/ports.ts';

/**
 * Refuses a start whose ports cannot be had, before it starts servers that take seconds to come and go. Who takes one
 * from here on is met by the listener itself.
 *
 * Errors: `config.invalid`, naming each port and the setting that moves it.
 */
export async function refuseTakenPorts(config: Config, types: readonly UplinkType[]): Promise<void> {
  const listeners = listenersOf(types, config, config.tls.certFile !== null);
  const problems = await Promise.all(
    listeners.map(async ({ host, port, setting }): Promise<Issue[]> => {
      const code = await listenProblem(host, port);
      // Which setting the address is of, its listener knows.
      if (code === null || code === 'EADDRNOTAVAIL') return [];
      return [{ path: setting, message: `port ${port} on ${host} ${whyNotListening(code)}` }];
    }),
  );
  const issues = problems.flat();
  if (issues.length > 0) throw new CitywatchError('config.invalid', { detail: 'citywatch cannot listen.', issues });
}
