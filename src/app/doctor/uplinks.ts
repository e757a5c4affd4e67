import { messageOf } from '../../core/errors.ts';
import { problem, type Remark } from '../../core/setup/remarks.ts';
import type { UplinkType } from '../../ingest/uplinks/uplink.ts';
import { valuesFor } from '../../ingest/uplinks/uplinks.ts';
import type { DoctorDeps } from './deps.ts';

/** What each uplink finds of its surroundings; one that cannot look hides nothing of the others. */
export async function checkUplinks(
  { config }: DoctorDeps,
  types: readonly UplinkType[],
  signal: AbortSignal,
): Promise<Remark[]> {
  const found = types.map(async (type) => {
    try {
      return await type.check(valuesFor(type, config), { signal });
    } catch (error) {
      return [problem(type.name, `could not be looked at (${messageOf(error)})`, 'see what the message says')];
    }
  });
  return (await Promise.all(found)).flat();
}
