import { useEffect, useState } from 'preact/hooks';
import { every } from '../../ticker.ts';
import { Row } from '../common/list.tsx';
import { t } from '../say.ts';
import { bytesText } from '../words.ts';

const AGAIN_MS = 5_000;
const ANSWER_MS = 10_000;

interface Part {
  ok: boolean;
  needed: boolean;
  reason?: string;
}

interface Readiness {
  ready: boolean;
  parts: Record<string, Part>;
  readers: { name: string; lane: string; behind: number }[];
}

/** Whether each part is there, how far the readers of the journal are, and the way to the queues. */
export function Health() {
  const [found, setFound] = useState<Readiness | null | undefined>(undefined);
  useEffect(() => {
    const stop = new AbortController();
    const look = () =>
      readiness(stop.signal).then(
        (answer) => !stop.signal.aborted && setFound(answer),
        () => !stop.signal.aborted && setFound(null),
      );
    void look();
    const end = every(AGAIN_MS, () => void look());
    return () => {
      stop.abort();
      end();
    };
  }, []);
  return (
    <>
      <section class="panel" aria-label={t('piece.health')}>
        {found === undefined && <p class="hint">{t('part.reading')}</p>}
        {found === null && (
          <p class="trouble" role="alert">
            {t('health.silent')}
          </p>
        )}
        {found && <Parts found={found} />}
      </section>
      <section class="panel bar" aria-label={t('health.queues')}>
        <a class="as-button" href="/queues" target="_blank" rel="noreferrer">
          {t('health.queues')}
        </a>
        <a class="as-button" href="/metrics" target="_blank" rel="noreferrer">
          {t('health.metrics')}
        </a>
        <a class="as-button" href="/api/docs" target="_blank" rel="noreferrer">
          {t('health.docs')}
        </a>
      </section>
    </>
  );
}

/** Outside the API, and with an answer also where something is missing. */
async function readiness(signal: AbortSignal): Promise<Readiness> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const response = await fetch('/readyz', { cache: 'no-store', redirect: 'error', signal: limited });
  return (await response.json()) as Readiness;
}

function Parts({ found: { ready, parts, readers } }: { found: Readiness }) {
  return (
    <>
      <p role="status" class={ready ? 'balance' : 'balance trouble'}>
        <b>{t(ready ? 'health.ready' : 'health.unready')}</b>
      </p>
      <ul class="admin-rows">
        {Object.entries(parts).map(([name, { ok, needed, reason }]) => (
          <li key={name}>
            <Row
              title={name}
              mark={t(ok ? 'health.part.ok' : 'health.part.bad')}
              bad={!ok}
              facts={[needed && t('health.part.needed'), reason ?? null]}
            />
          </li>
        ))}
      </ul>
      <h3>{t('health.readers')}</h3>
      <ul class="admin-rows">
        {readers.map(({ name, lane, behind }) => (
          <li key={`${name} ${lane}`}>
            <Row
              title={`${name} (${lane})`}
              facts={[behind === 0 ? t('health.level') : t('health.behind', { size: bytesText(behind) })]}
            />
          </li>
        ))}
      </ul>
    </>
  );
}
