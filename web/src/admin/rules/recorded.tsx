import { useRef, useState } from 'preact/hooks';
import { requestOnce, send } from '../../api.ts';
import { Failed } from '../../devices/deeds/failed.tsx';
import { failed, type Outcome } from '../../devices/deeds/outcome.ts';
import { once } from '../../ground/once.ts';
import { Deed } from '../common/deed.tsx';
import { List, Row } from '../common/list.tsx';
import { t } from '../say.ts';
import type { DryRun, RuleRecording } from '../types.ts';
import { bytesText, countText, timeText } from '../words.ts';

const PATH = '/rules/recordings';
/** Two hundred thousand lines are read in that time. */
const FILE_MS = 180_000;

interface RecordedProps {
  onTry(recording: string): Promise<void>;
}

/** Recorded files that a draft is tried on: one is given to the gateway, which keeps it for a week. */
export function Recorded({ onTry }: RecordedProps) {
  const [kept, setKept] = useState(0);
  return (
    <div class="admin-part">
      <p class="hint">{t('recorded.hint')}</p>
      <Give onKept={() => setKept(kept + 1)} />
      <List<RuleRecording>
        path={PATH}
        after={kept}
        none={t('recorded.none')}
        keyOf={({ id }) => id}
        row={(one, again) => (
          <Row
            title={t('recorded.of', { from: timeText(one.from), to: timeText(one.to) })}
            facts={[
              t('recorded.lines', { n: countText(one.lines) }),
              bytesText(one.bytes),
              t('admin.until', { time: timeText(one.until) }),
            ]}
            deeds={
              <>
                <Deed label={t('tried.run')} run={() => onTry(one.id)} />
                <Deed
                  label={t('recorded.remove')}
                  ask={t('recorded.remove.ask')}
                  run={() => send('DELETE', `${PATH}/${encodeURIComponent(one.id)}`, undefined, one.version)}
                  onDone={again}
                />
              </>
            }
          />
        )}
      />
    </div>
  );
}

function Give({ onKept }: { onKept(): void }) {
  const field = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const give = async () => {
    if (!file || busy) return;
    setBusy(true);
    setOutcome(null);
    try {
      await sendFile(file);
      if (field.current) field.current.value = '';
      setFile(null);
      onKept();
    } catch (error) {
      setOutcome(failed(error));
    }
    setBusy(false);
  };
  const choose = () => {
    setFile(field.current?.files?.[0] ?? null);
    setOutcome(null);
  };
  return (
    <>
      <div class="bar">
        <label class="in-line">
          {t('recorded.choose')}
          <input type="file" ref={field} accept=".ndjson,.jsonl,application/x-ndjson" onChange={choose} />
        </label>
        <button type="button" disabled={!file || busy} onClick={() => void give()}>
          {t(busy ? 'do.busy' : 'recorded.give')}
        </button>
      </div>
      {outcome?.is === 'failed' && <Failed outcome={outcome} />}
    </>
  );
}

async function sendFile(file: File): Promise<void> {
  const headers = { 'x-citywatch': 'console', 'content-type': 'application/x-ndjson' };
  const init = { method: 'POST', headers, body: file, signal: AbortSignal.timeout(FILE_MS) };
  await requestOnce(PATH, init, once(PATH, `${file.name} ${file.size} ${file.lastModified}`));
}

type Found = NonNullable<NonNullable<DryRun['answer']>['recording']>;

/** What of a recorded file could be judged, and what of it does not fit. */
export function OfRecording({ found: { lines, leftOut, refused, refusals } }: { found: Found }) {
  return (
    <>
      <p class="hint">{t('recorded.found', { n: countText(lines) })}</p>
      {leftOut > 0 && <p class="hint">{t('recorded.leftOut', { n: countText(leftOut) })}</p>}
      {refused > 0 && (
        <>
          <p class="trouble">{t('recorded.refused', { n: countText(refused) })}</p>
          <ul class="lines" lang="en">
            {refusals.map(({ line, reason, path }) => (
              <li key={`${line} ${path}`}>
                <bdi>{`${line}: ${reason} ${path}`}</bdi>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
