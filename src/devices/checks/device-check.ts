import type { Clock } from '../../core/clock.ts';
import type { Caller, DeviceIdentity, DeviceKind } from '../../core/types.ts';
import { judgeConnected, judgeFits, judgePublishing, judgeSignal } from './device-judgements.ts';
import type { HeardMessage, LastHeard, PutAside } from './heard.ts';
import { bad, type CheckStep, type Finding, notTried, ok, Steps } from './steps.ts';

/** What a check asks of those who take in what devices send. */
export interface DeviceCheckPorts {
  clock: Clock;
  kind(name: string): DeviceKind | undefined;
  /** Names of the uplinks on which it is connected now, and of those that could tell. */
  connections(id: string): { on: string[]; tell: string[] };
  latest(id: string): LastHeard | null;
  /** Newest first. */
  recent(id: string, window: { fromMs: number; toMs: number; limit: number }): Promise<HeardMessage[]>;
  /** Newest first; at most so many. */
  deadLetters(caller: Caller, id: string, limit: number): Promise<PutAside[]>;
  /** What is registered of its unit's firmware; null where nothing is. */
  firmware(id: string): Promise<string | null>;
  unexpected(error: unknown): void;
}

export type DeviceStepName = 'connected' | 'publishing' | 'fits' | 'clock' | 'firmware' | 'signal';

const TOTAL_MS = 10_000;
const STEP_MS = 5_000;
const WINDOW_MS = 5 * 60_000;
const MESSAGES_MAX = 50;
const LETTERS_MAX = 3;
/** A reading may wait in the device for a moment. */
const OFF_MAX_MS = 60_000;

/** Checks a device that sends by itself (MQTT, HTTP), by what was heard of it. Contacts nobody; never rejects. */
export async function checkDevice(
  caller: Caller,
  { id, kind: kindName }: DeviceIdentity,
  ports: DeviceCheckPorts,
): Promise<CheckStep<DeviceStepName>[]> {
  const over = new AbortController();
  const explain = (error: unknown): Finding => {
    ports.unexpected(error);
    return bad('failed', 'internal', 'The check itself failed; the log of the gateway says why.');
  };
  const steps = new Steps<DeviceStepName>({ clock: ports.clock, signal: over.signal, explain }, TOTAL_MS);
  const nowMs = ports.clock.nowMs();
  const heard = ports.latest(id);
  const kind = ports.kind(kindName);
  const lastMs = heard?.lastMessageAtMs ?? null;
  const window = { fromMs: (lastMs ?? 0) - WINDOW_MS, toMs: (lastMs ?? 0) + 1_000, limit: MESSAGES_MAX };
  let messages: HeardMessage[] = [];
  await steps.run('connected', STEP_MS, async () => {
    messages = lastMs === null ? [] : await ports.recent(id, window);
    return judgeConnected({ ...ports.connections(id), heard, last: messages[0] ?? null, nowMs });
  });
  await steps.run('publishing', STEP_MS, async () => judgePublishing({ lastMs, kind, nowMs }));
  await steps.run('fits', STEP_MS, async () =>
    judgeFits({ messages, letters: await ports.deadLetters(caller, id, LETTERS_MAX), lastMs, nowMs }),
  );
  await steps.run('clock', STEP_MS, async () => judgeDeviceClock(messages));
  await steps.run('firmware', STEP_MS, async () => judgeFirmware(heard?.firmware ?? null, await ports.firmware(id)));
  await steps.run('signal', STEP_MS, async () => judgeSignal(heard, kind));
  over.abort();
  return steps.done;
}

function judgeDeviceClock(messages: readonly HeardMessage[]): Finding {
  const told = messages.find(({ clock }) => clock !== null);
  if (!told) return notTried('Nothing with a time was heard lately.');
  const { clock, offMs } = told;
  if (clock === 'receipt') return ok('It sends no time; the time of receipt counts.');
  const hint = 'Set its clock, or a time server that it can reach.';
  if (clock === 'refused' || offMs === null) {
    const seen = 'Its time is not believed: older than 30 days, or more than 5 minutes ahead.';
    return bad('failed', 'clock-skew', hint, seen);
  }
  const offS = Math.round(Math.abs(offMs) / 100) / 10;
  const seen = `Its last record is of ${offS} s ${offMs > 0 ? 'after' : 'before'} its receipt.`;
  if (offMs > 5_000) return bad('warning', 'clock-skew', hint, seen);
  if (offMs >= -OFF_MAX_MS) return ok(seen);
  return bad('warning', 'late', 'It sends old records, or its clock is behind: look at its network and clock.', seen);
}

function judgeFirmware(told: string | null, registered: string | null): Finding {
  if (told === null) return notTried('It does not tell its firmware.');
  if (registered === null || registered === told) return ok(`Firmware ${told}.`);
  const hint = 'It was updated, or replaced by another unit: look at its label and correct the registry.';
  return bad('warning', 'firmware-changed', hint, `Firmware ${told}; registered is ${registered}.`);
}
