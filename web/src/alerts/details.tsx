import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { pieceAddress } from '../admin/pieces.ts';
import { follows } from '../ground/router.ts';
import { nameOf, usernamesOf } from '../people.ts';
import { handles, may } from '../session.ts';
import { clockTime, t } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { Alert } from '../types.ts';
import { comment } from './actions.ts';
import { doNow } from './deeds/undo.ts';
import { draftOf, keepDraft } from './drafts.ts';
import { pictureOf, reported } from './titles.ts';

/** The unfolded part of a row: the picture, what was reported, and what people said. */
export function Details({ alert }: { alert: Alert }) {
  const picture = pictureOf(alert);
  const now = nowMs.value;
  const waits = !picture && alert.evidence.length === 0 && alert.handling !== 'closed';
  return (
    <div class="details">
      {picture && (
        <figure>
          <img src={picture.url} alt={t('alert.picture', { camera: picture.camera })} />
          <figcaption>
            <bdi>{t('alert.picture', { camera: picture.camera })}</bdi> · {clockTime(picture.takenAt, now)}
          </figcaption>
        </figure>
      )}
      {waits && <p class="hint">{t('alert.waiting')}</p>}
      <dl>
        <dt>{t('alert.firstAt')}</dt>
        <dd>{clockTime(alert.firstAt, now)}</dd>
        <dt>{t(alert.subject.type === 'district' ? 'alert.district' : 'alert.device')}</dt>
        <dd>
          <bdi>{alert.subject.id}</bdi>
        </dd>
        {alert.assignedTo && (
          <dt title={usernamesOf([{ username: alert.assignedTo }])}>
            {t('alert.assignedTo', { name: nameOf(alert.assignedTo) })}
          </dt>
        )}
        {reported(alert).map(({ name, title, text }) => [
          <dt key={`${name} name`} title={name}>
            <bdi>{title}</bdi>
          </dt>,
          <dd key={name}>
            <bdi>{text}</bdi>
          </dd>,
        ])}
      </dl>
      <ul class="comments">
        {alert.comments.map(({ by, at, text }) => (
          <li key={`${by} ${at} ${text}`}>
            <bdi class="author" title={usernamesOf([{ name: by }])}>
              {by}
            </bdi>{' '}
            <time dateTime={at}>{clockTime(at, now)}</time>
            <p>
              <bdi>{text}</bdi>
            </p>
          </li>
        ))}
      </ul>
      {handles(alert) && <CommentForm id={alert.id} />}
      {may('alerts.silence') && alert.severity !== 'extreme' && (
        <a class="silence-link" href={silenceAddress(alert)} onClick={follows}>
          {t('alert.silence')}
        </a>
      )}
    </div>
  );
}

/** Where a silence of this device, or of the rule in its district, is asked for, with what it would hide. */
function silenceAddress({ rule, jurisdiction, device }: Alert): string {
  const [name = rule] = rule.split('@');
  const query = { jurisdiction, rule: name, ...(device !== null && { device }) };
  return `${pieceAddress('silences')}?${new URLSearchParams(query)}`;
}

export function CommentForm({ id }: { id: string }) {
  const text = draftOf(id);
  const [busy, setBusy] = useState(false);
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (text.trim() === '') return;
    setBusy(true);
    doNow(() => comment(id, text.trim()))
      // What was typed while it was on its way is not sent yet.
      .then(() => draftOf(id) === text && keepDraft(id, ''))
      .catch(() => undefined)
      .finally(() => setBusy(false));
  };
  return (
    <form class="comment" onSubmit={submit}>
      <input
        aria-label={t('alert.comment')}
        placeholder={t('alert.comment')}
        maxLength={2_000}
        value={text}
        onInput={(event) => keepDraft(id, event.currentTarget.value)}
      />
      <button type="submit" disabled={busy || text.trim() === ''}>
        {t('alert.commentSend')}
      </button>
    </form>
  );
}
