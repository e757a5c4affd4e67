import type { SinkType } from '../../alerts/sinks/sink.ts';
import { sinkValuesFor } from '../../alerts/sinks/sinks.ts';
import { messageOf } from '../../core/errors.ts';
import { problem, type Remark } from '../../core/setup/remarks.ts';
import type { DoctorDeps } from './deps.ts';

/** What each sink finds of its surroundings; one that cannot look hides nothing of the others. */
export async function checkSinks(
  { config }: DoctorDeps,
  types: readonly SinkType[],
  signal: AbortSignal,
): Promise<Remark[]> {
  const found = types.map(async (type) => {
    try {
      return await type.check(sinkValuesFor(type, config.sinks), { signal });
    } catch (error) {
      return [problem(type.type, `could not be looked at (${messageOf(error)})`, 'see what the message says')];
    }
  });
  return (await Promise.all(found)).flat();
}
