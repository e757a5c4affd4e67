import { nameOf, usernamesOf } from '../../people.ts';
import { clockTime } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { HistoryLine } from '../../types.ts';
import { t, tOf } from '../say.ts';

/** Shown at once; the rest is a press away. */
const LINES = 40;

/** What happened to an alert and who did it, newest first. */
export function Timeline({ lines, failed }: { lines: readonly HistoryLine[] | null; failed: boolean }) {
  return (
    <section class="panel" aria-labelledby="history-title">
      <h3 id="history-title">{t('history.title')}</h3>
      {failed && <p class="hint">{t('history.failed')}</p>}
      {lines === null && !failed && <p class="hint">{t('loading')}</p>}
      <ol class="timeline">
        {(lines ?? []).slice(0, LINES).map((line) => (
          <Line key={line.id} line={line} />
        ))}
      </ol>
      {lines !== null && lines.length > LINES && (
        <details>
          <summary>{t('history.more', { n: lines.length - LINES })}</summary>
          <ol class="timeline">
            {lines.slice(LINES).map((line) => (
              <Line key={line.id} line={line} />
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

export function Line({ line }: { line: HistoryLine }) {
  return (
    <li>
      <time dateTime={line.at}>{clockTime(line.at, nowMs.value)}</time>
      <p>
        <bdi title={usernamesOf([{ name: line.actor }, { username: line.assignedTo }])}>{didText(line)}</bdi>
        {line.type === 'alert.updated' && line.occurrences > 1 && ` · ${t('history.times', { n: line.occurrences })}`}
        {line.text !== null && (
          <q>
            <bdi>{line.text}</bdi>
          </q>
        )}
      </p>
    </li>
  );
}

/** One step as a sentence. What a person shows again is told as a report, but nobody reported anything. */
export function didText({ type, actor, ...line }: HistoryLine): string {
  const isShown = type === 'alert.updated' && actor !== 'citywatch';
  return t(isShown ? 'did.alert.shown' : `did.${type}`, {
    actor: tOf('actor', actor),
    severity: tOf('severity', line.severity),
    level: line.level === null ? '' : tOf('level', line.level),
    verdict: line.verdict === null ? '' : tOf('verdict', line.verdict),
    assignedTo: nameOf(line.assignedTo ?? ''),
    unit: line.unit ?? '',
  });
}
