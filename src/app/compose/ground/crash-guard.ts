import type { Clock } from '../../../core/clock.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DeviceKind, Lane, NewMessage } from '../../../core/types.ts';
import { type Decoded, decodeMessage } from '../../../ingest/decode/decode.ts';
import { refusal } from '../../../ingest/decode/refusals.ts';
import { CrashGuard } from '../../../ingest/poison/crash-guard.ts';

export interface GuardParts {
  directory(name: string): Promise<string>;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** Learns what the last life died of; it must end after all who work on messages. */
export async function openCrashGuard({ directory, clock, observer, lifecycle }: GuardParts): Promise<CrashGuard> {
  const guard = await CrashGuard.open({ directory: await directory('journal/poison'), clock, observer });
  lifecycle.onStop('crash guard', () => guard.close());
  return guard;
}

/** What decoding would make of a message that is not in the journal yet; bytes that the process died of are refused. */
export function previewOf(
  message: NewMessage & { lane: Lane },
  kinds: { at(kind: string, version: number): DeviceKind | undefined },
  guard: CrashGuard,
): Decoded {
  const kind = kinds.at(message.device.kind, message.device.kindVersion);
  const decode = () => decodeMessage({ ...message, incarnation: '', offset: 0, endOffset: 0 }, kind);
  return (
    guard.asked(message.raw, decode) ?? { records: [], identities: [], refusals: [refusal(null, 'poison', '', '')] }
  );
}
