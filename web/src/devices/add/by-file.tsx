import { useRef, useState } from 'preact/hooks';
import { requestOnce, send } from '../../api.ts';
import { once } from '../../ground/once.ts';
import type { DryRun, ImportStatus } from '../../types.ts';
import { Failed } from '../deeds/failed.tsx';
import { failed, type Outcome } from '../deeds/outcome.ts';
import { usePolled } from '../page/polled.ts';
import { t, tOf } from '../say.ts';

/** Twenty thousand rows are judged in that time. */
const FILE_MS = 180_000;
const LOOK_EVERY_MS = 1_000;
/** Rows that are shown, those that are wrong first. */
const ROWS_MAX = 100;
const TYPES = '.csv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const VERDICTS = ['create', 'change', 'same', 'error'] as const;

/** Many devices at once from a spreadsheet, which is tried before it is taken. */
export function ByFile() {
  const field = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [tried, setTried] = useState<DryRun | null>(null);
  const [begun, setBegun] = useState<ImportStatus | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async <Answer,>(query: string, take: (answer: Answer) => void) => {
    if (!file || busy) return;
    setBusy(true);
    setOutcome(null);
    try {
      take(await sendFile<Answer>(file, query));
    } catch (error) {
      setOutcome(failed(error));
    }
    setBusy(false);
  };
  const choose = () => {
    setFile(field.current?.files?.[0] ?? null);
    setTried(null);
    setBegun(null);
    setOutcome(null);
  };
  const name = `&fileName=${encodeURIComponent(file?.name.slice(0, 200) ?? '')}`;
  return (
    <section class="panel device-form" aria-label={t('add.by.file')}>
      <p class="hint">{t('file.hint')}</p>
      <label>
        {t('file.choose')}
        <input type="file" ref={field} accept={TYPES} onChange={choose} />
      </label>
      <div class="bar">
        <button type="button" disabled={!file || busy} onClick={() => void run('dryRun=true', setTried)}>
          {t(busy ? 'do.busy' : 'file.try')}
        </button>
        {tried && tried.counts.create + tried.counts.change > 0 && !begun && (
          <button type="button" class="primary" disabled={busy} onClick={() => void run(`mode=rows${name}`, setBegun)}>
            {t('file.take', { n: tried.counts.create + tried.counts.change })}
          </button>
        )}
      </div>
      {outcome?.is === 'failed' && <Failed outcome={outcome} />}
      {begun ? <Progress key={begun.id} begun={begun} /> : tried && <Tried tried={tried} />}
    </section>
  );
}

/** Bytes as they are: what a file is, the gateway sees by them. */
async function sendFile<Answer>(file: File, query: string): Promise<Answer> {
  const headers = { 'x-citywatch': 'console', 'content-type': 'application/octet-stream' };
  const init = { method: 'POST', headers, body: file, signal: AbortSignal.timeout(FILE_MS) };
  const path = `/devices/import?${query}`;
  const answer = await requestOnce(path, init, once(path, `${file.name} ${file.size} ${file.lastModified}`));
  return (await answer.json()) as Answer;
}

function Tried({ tried: { counts, items, unknownColumns } }: { tried: DryRun }) {
  const wrong = items.filter(({ verdict }) => verdict === 'error');
  const rows = [...wrong, ...items.filter(({ verdict }) => verdict !== 'error')].slice(0, ROWS_MAX);
  return (
    <>
      <Counts counts={counts} />
      {unknownColumns.length > 0 && (
        <p class="trouble">
          <bdi>{t('file.unknown', { names: unknownColumns.join(', ') })}</bdi>
        </p>
      )}
      <div class="wide">
        <table class="values">
          <thead>
            <tr>
              <th scope="col">{t('file.line')}</th>
              <th scope="col">{t('file.id')}</th>
              <th scope="col">{t('file.verdict')}</th>
              <th scope="col">{t('file.why')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ line, id, verdict, fields, faults }) => (
              <tr key={line} class={`verdict-${verdict}`}>
                <td>{line}</td>
                <td>
                  <bdi>{id}</bdi>
                </td>
                <td>{tOf('verdict-of', verdict)}</td>
                <td>
                  <bdi>{fields.join(', ')}</bdi>
                  {faults.map(({ column, message }) => (
                    <span key={`${column} ${message}`} class="fault" lang="en">
                      <bdi>{[column, message].filter(Boolean).join(': ')}</bdi>
                    </span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {items.length > rows.length && <p class="hint">{t('file.more', { n: items.length - rows.length })}</p>}
    </>
  );
}

function Counts({ counts }: { counts: DryRun['counts'] }) {
  return (
    <ul class="bar">
      {VERDICTS.map((verdict) => (
        <li key={verdict}>
          <b>{counts[verdict]}</b> {tOf('verdict-of', verdict)}
        </li>
      ))}
    </ul>
  );
}

function Progress({ begun }: { begun: ImportStatus }) {
  const path = `/imports/${encodeURIComponent(begun.id)}`;
  const { answer, again } = usePolled<ImportStatus>(path, (one) => (isEnded(one ?? begun) ? null : LOOK_EVERY_MS));
  const { state, done, rows, counts, secretsWaiting } = answer ?? begun;
  return (
    <>
      <p role="status">
        {tOf('import', state)} · {t('file.done', { n: done, of: rows })}
      </p>
      <progress value={done} max={Math.max(1, rows)} aria-label={t('file.done', { n: done, of: rows })} />
      <Counts counts={counts} />
      {state === 'done' && secretsWaiting > 0 && <Secrets id={begun.id} count={secretsWaiting} onTaken={again} />}
    </>
  );
}

/** Nothing more happens to it by itself. */
function isEnded({ state }: ImportStatus): boolean {
  return state === 'done' || state === 'refused' || state === 'undone';
}

interface OneSecret {
  id: string;
  secret: string;
}

/** What new devices prove themselves by: given out once, as a file for whoever sets them up. */
function Secrets({ id, count, onTaken }: { id: string; count: number; onTaken(): void }) {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const take = async () => {
    try {
      const path = `/imports/${encodeURIComponent(id)}/secrets`;
      const answer = await send<{ items: OneSecret[] }>('POST', path);
      download(answer?.items ?? []);
      onTaken();
    } catch (error) {
      setOutcome(failed(error));
    }
  };
  return (
    <>
      <p>{t('file.secrets', { n: count })}</p>
      <button type="button" onClick={() => void take()}>
        {t('file.secrets.take')}
      </button>
      {outcome?.is === 'failed' && <Failed outcome={outcome} />}
    </>
  );
}

function download(items: readonly OneSecret[]): void {
  const lines = ['id,secret', ...items.map(({ id, secret }) => `${id},${secret}`)];
  const url = URL.createObjectURL(new Blob([`${lines.join('\r\n')}\r\n`], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'secrets.csv';
  link.click();
  URL.revokeObjectURL(url);
}
