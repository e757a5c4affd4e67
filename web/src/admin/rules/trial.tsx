import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { usePolled } from '../../devices/page/polled.ts';
import { follows } from '../../ground/router.ts';
import { deviceAddress } from '../../ground/views.ts';
import { lasting } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { t, tOf } from '../say.ts';
import type { DryRun } from '../types.ts';
import { countText, timeText } from '../words.ts';
import { OfRecording, Recorded } from './recorded.tsx';

const HOUR_MS = 3_600_000;
const SPANS_H = [1, 6, 24, 168] as const;
const LOOK_EVERY_MS = 1_000;

/** Judges what came in, or a recorded file, by the draft: which alerts it would raise, and which no longer. */
export function Trial({ yaml }: { yaml: string }) {
  const [hours, setHours] = useState<number>(24);
  const [begun, setBegun] = useState<DryRun | null>(null);
  const begin = async (of: { from: string; to: string } | { recording: string }) => {
    setBegun(await send<DryRun>('POST', '/rules/dry-runs', { yaml, ...of }));
  };
  const beginLast = () => {
    const toMs = nowMs.value;
    const [from = '', to = ''] = [toMs - hours * HOUR_MS, toMs].map((atMs) => new Date(atMs).toISOString());
    return begin({ from, to });
  };
  return (
    <section class="admin-part" aria-labelledby="trial-of-rule">
      <h4 id="trial-of-rule">{t('tried.title')}</h4>
      <div class="bar">
        <label class="in-line">
          {t('tried.span')}
          <select value={hours} onChange={({ currentTarget }) => setHours(Number(currentTarget.value))}>
            {SPANS_H.map((one) => (
              <option key={one} value={one}>
                {lasting(one * 3_600)}
              </option>
            ))}
          </select>
        </label>
        <Deed label={t('tried.run')} run={beginLast} />
      </div>
      <Unfold label={t('recorded.title')}>{() => <Recorded onTry={(recording) => begin({ recording })} />}</Unfold>
      {begun && <Followed key={begun.id} begun={begun} />}
    </section>
  );
}

function Followed({ begun }: { begun: DryRun }) {
  const path = `/rules/dry-runs/${encodeURIComponent(begun.id)}`;
  const pace = (one: DryRun | null) => ((one ?? begun).state === 'running' ? LOOK_EVERY_MS : null);
  const { answer: seen, again } = usePolled<DryRun>(path, pace);
  const { state, progress, answer } = seen ?? begun;
  if (state === 'cancelled') return <p role="status">{t('tried.cancelled')}</p>;
  if (state === 'running' || !answer) {
    return (
      <>
        <p role="status">{t('tried.running', { percent: Math.round(progress * 100) })}</p>
        <Deed label={t('tried.cancel')} run={() => send('POST', `${path}/cancel`, {})} onDone={again} />
      </>
    );
  }
  return <Found answer={answer} />;
}

type Answer = NonNullable<DryRun['answer']>;

function Found({ answer }: { answer: Answer }) {
  const { from, to, messages, devices, draft, inForce, same, leftOut, warnings, recording } = answer;
  const counted = ({ alerts, subjects }: { alerts: number; subjects: number }) => {
    return { alerts: countText(alerts), subjects: countText(subjects) };
  };
  return (
    <div class="made" role="status">
      <p class="hint">
        {from === null || to === null
          ? t('tried.nothing')
          : t('tried.of', {
              messages: countText(messages),
              devices: countText(devices),
              from: timeText(from),
              to: timeText(to),
            })}
      </p>
      {recording && <OfRecording found={recording} />}
      {warnings.map((one) => (
        <p key={one} class="trouble">
          {tOf('warning', one)}
        </p>
      ))}
      <p>{t('tried.draft', counted(draft))}</p>
      {inForce && <p>{t('tried.inForce', { version: inForce.version, same: countText(same), ...counted(inForce) })}</p>}
      {SIDES.map((side) => (
        <Alerts key={side} side={side} alerts={answer[side]} />
      ))}
      {leftOut > 0 && <p class="hint">{t('tried.leftOut', { n: countText(leftOut) })}</p>}
    </div>
  );
}

const SIDES = ['onlyDraft', 'onlyInForce', 'clearedOtherwise'] as const;

function Alerts({ side, alerts }: { side: (typeof SIDES)[number]; alerts: Answer['onlyDraft'] }) {
  if (alerts.length === 0) return null;
  return (
    <section aria-label={t(`tried.${side}`)}>
      <h4>{t(`tried.${side}`)}</h4>
      <ul class="lines">
        {alerts.map(({ subject, firedAt, clearedAt, times }) => (
          <li key={`${subject.id} ${firedAt}`}>
            {subject.type === 'device' ? (
              <a class="admin-link" href={deviceAddress(subject.id)} onClick={follows}>
                {subject.id}
              </a>
            ) : (
              <bdi>{subject.id}</bdi>
            )}
            <span>
              {clearedAt === null
                ? t('tried.from', { from: timeText(firedAt) })
                : t('tried.fromTo', { from: timeText(firedAt), to: timeText(clearedAt) })}
              {times > 1 && ` ×${times}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
