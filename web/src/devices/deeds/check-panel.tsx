import { useEffect, useRef, useState } from 'preact/hooks';
import { get, request } from '../../api.ts';
import { kinds } from '../../overview.ts';
import { pause } from '../../ticker.ts';
import type { CheckReport, CheckStep, WholeDevice } from '../../types.ts';
import type { OpenDevice } from '../page/open-device.ts';
import { t } from '../say.ts';
import { Failed } from './failed.tsx';
import { failed, type Outcome } from './outcome.ts';
import { CAMERA_STEPS, Steps } from './steps.tsx';

/** A check takes 15 s at most. */
const ANSWER_MS = 25_000;
const LOOK_EVERY_MS = 400;

interface PanelProps {
  open: OpenDevice;
  device: WholeDevice;
  onLeave(): void;
}

/** Checks the device and shows each step as it ends. */
export function CheckPanel({ open, device, onLeave }: PanelProps) {
  const [steps, setSteps] = useState<readonly CheckStep[]>([]);
  const [report, setReport] = useState<CheckReport | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [busy, setBusy] = useState(false);
  const stop = useRef(new AbortController());
  const isCamera = kinds.value.get(device.kind)?.stream === true;
  const run = async () => {
    setBusy(true);
    setReport(null);
    setOutcome(null);
    setSteps([]);
    const over = new AbortController();
    if (isCamera) void follow(open.path, AbortSignal.any([over.signal, stop.current.signal]), setSteps);
    const came = await check(open.path, stop.current.signal);
    over.abort();
    if (stop.current.signal.aborted) return;
    if ('is' in came) setOutcome(came);
    else {
      setReport(came);
      setSteps(came.steps);
      open.done();
    }
    setBusy(false);
  };
  useEffect(() => {
    void run();
    return () => stop.current.abort();
  }, []);
  return (
    <div class="check">
      {report && (
        <p class={`check-says check-${report.grade}`} role="status">
          {t(`check.${report.grade}`)}
          {report.shared && ` · ${t('check.shared')}`}
        </p>
      )}
      {busy && (
        <p class="hint" role="status">
          {t('check.running')}
        </p>
      )}
      <Steps steps={steps} expected={isCamera ? CAMERA_STEPS : []} running={busy} />
      {outcome?.is === 'failed' && <Failed outcome={outcome} />}
      <div class="bar">
        <button type="button" disabled={busy} onClick={() => void run()}>
          {t('check.again')}
        </button>
        <button type="button" onClick={onLeave}>
          {t('do.cancel')}
        </button>
      </div>
    </div>
  );
}

async function check(path: string, signal: AbortSignal): Promise<CheckReport | Outcome> {
  try {
    const headers = { 'x-citywatch': 'console', 'content-type': 'application/json' };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const answer = await request(`${path}/check`, { method: 'POST', headers, body: '{}', signal: limit });
    return (await answer.json()) as CheckReport;
  } catch (error) {
    return failed(error);
  }
}

/** Tells which steps are over until `signal` is aborted. What cannot be told meanwhile is told at the end. */
async function follow(path: string, signal: AbortSignal, tell: (steps: CheckStep[]) => void): Promise<void> {
  try {
    while (!signal.aborted) {
      await pause(LOOK_EVERY_MS, signal);
      const { running, steps } = await get<{ running: boolean; steps: CheckStep[] }>(`${path}/check`, signal);
      if (running && !signal.aborted) tell(steps);
    }
  } catch {
    // As said above.
  }
}
