import { useState } from 'preact/hooks';
import { TextField } from '../case/deeds/fields.tsx';
import { isBegun, KeptForm } from '../forms/kept-form.tsx';
import { dayTime } from '../forms/moments.ts';
import { Trouble } from '../forms/trouble.tsx';
import { may, noticeEnd } from '../session.ts';
import type { Watchlist } from '../types.ts';
import { decide } from './deeds.ts';
import { t } from './say.ts';

/** What waits for a second person, with what would be different; they decide it here. */
export function Decision({ list, onChanged }: { list: Watchlist; onChanged(): void }) {
  const draft = `watchlist reject ${list.id}`;
  const [rejects, setRejects] = useState(() => isBegun(draft));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const approve = () => {
    setBusy(true);
    setError(null);
    decide(list, 'approve', {})
      .catch((thrown: unknown) => {
        noticeEnd(thrown);
        setError(thrown);
      })
      .finally(() => {
        setBusy(false);
        onChanged();
      });
  };
  const isTheirs = may('watchlists.approve') && !list.byYou;
  return (
    <section class="panel decision" aria-labelledby="decide-title">
      <h3 id="decide-title">{t('decide.title')}</h3>
      <Difference list={list} />
      {!isTheirs && <p class="hint">{t(list.byYou ? 'decide.yours' : 'decide.no')}</p>}
      {isTheirs && (
        <div class="deed-bar off-paper">
          <button type="button" class="primary" disabled={busy} onClick={approve}>
            {t(busy ? 'form.busy' : 'decide.approve')}
          </button>
          <button type="button" aria-expanded={rejects} onClick={() => setRejects(!rejects)}>
            {t('decide.reject')}
          </button>
        </div>
      )}
      <Trouble error={error} />
      {isTheirs && rejects && (
        <KeptForm
          draft={draft}
          title={t('decide.reject.do')}
          does={t('decide.reject.do')}
          fields={(props) => <TextField {...props} name="why" label={t('decide.why')} needed />}
          run={(values) => decide(list, 'reject', values)}
          onDone={() => {
            setRejects(false);
            onChanged();
          }}
          onCancel={() => setRejects(false)}
        />
      )}
    </section>
  );
}

interface Line {
  what: string;
  before: string;
  after: string;
}

function Difference({ list }: { list: Watchlist }) {
  const asked = list.asked;
  const reason = asked?.reason ?? list.reason;
  const name = asked?.by ?? list.requestedBy ?? list.createdBy;
  return (
    <>
      <p>
        <bdi>{t('decide.reasonOf', { name, reason })}</bdi>
      </p>
      <div class="paper-table">
        <table>
          <thead>
            <tr>
              <th scope="col">{t('decide.what')}</th>
              <th scope="col">{t('decide.before')}</th>
              <th scope="col">{t('decide.after')}</th>
            </tr>
          </thead>
          <tbody>
            {linesOf(list).map(({ what, before, after }) => (
              <tr key={what}>
                <th scope="row">{what}</th>
                <td>{before}</td>
                <td>
                  <strong>{after}</strong>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function linesOf({ asked, approveBy, from, until, entries }: Watchlist): Line[] {
  const end = dayTime(until);
  if (asked?.what === 'renewal') {
    return [{ what: t('decide.end'), before: end, after: dayTime(asked.until ?? until) }];
  }
  if (asked?.what === 'revocation') return [{ what: t('decide.end'), before: end, after: t('decide.endsNow') }];
  const force = t('decide.force', { from: from === null ? t('watch.now') : dayTime(from), until: end });
  const before = approveBy === null ? t('decide.notInForce') : t('decide.untilApprove', { time: dayTime(approveBy) });
  return [{ what: `${t('decide.list')} (${t('watch.plates', { n: entries })})`, before, after: force }];
}
