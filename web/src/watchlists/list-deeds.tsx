import { useState } from 'preact/hooks';
import { TextField } from '../case/deeds/fields.tsx';
import { isBegun, KeptForm } from '../forms/kept-form.tsx';
import { Trouble } from '../forms/trouble.tsx';
import { noticeEnd } from '../session.ts';
import type { Watchlist } from '../types.ts';
import { AddedHint, AddPlates } from './add-plates.tsx';
import { type Added, doWith, type ListDeed, possible } from './deeds.ts';
import { TimeField } from './new-list.tsx';
import { t } from './say.ts';

interface DeedsProps {
  list: Watchlist;
  onChanged(): void;
}

const draftOf = (list: Watchlist, deed: ListDeed): string => `watchlist ${deed} ${list.id}`;
const isAtOnce = (deed: ListDeed): deed is 'request' | 'withdraw' => deed === 'request' || deed === 'withdraw';

/** What may be done with a list as it stands. One form is open at a time. */
export function ListDeeds({ list, onChanged }: DeedsProps) {
  const deeds = possible(list);
  const [open, setOpen] = useState(() => deeds.find((deed) => isBegun(draftOf(list, deed))) ?? null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = (deed: 'request' | 'withdraw') => {
    setBusy(true);
    setError(null);
    doWith(list, deed, {})
      .catch((thrown: unknown) => {
        noticeEnd(thrown);
        setError(thrown);
      })
      .finally(() => {
        setBusy(false);
        onChanged();
      });
  };
  const press = (deed: ListDeed) => (isAtOnce(deed) ? run(deed) : setOpen(open === deed ? null : deed));
  if (deeds.length === 0) return null;
  return (
    <section class="panel off-paper" aria-labelledby="list-deeds-title">
      <h3 id="list-deeds-title">{t('list.do')}</h3>
      <div class="deed-bar">
        {deeds.map((deed) => (
          <button
            type="button"
            key={deed}
            class={deed === 'request' ? 'primary' : undefined}
            disabled={busy || (deed === 'request' && list.entries === 0)}
            aria-expanded={isAtOnce(deed) ? undefined : open === deed}
            onClick={() => press(deed)}
          >
            {t(`list.${deed}`)}
          </button>
        ))}
      </div>
      <Trouble error={error} />
      <OpenForm
        list={list}
        open={open !== null && deeds.includes(open) ? open : null}
        onLeave={() => setOpen(null)}
        onChanged={onChanged}
      />
    </section>
  );
}

function OpenForm({ list, open, onLeave, onChanged }: DeedsProps & { open: ListDeed | null; onLeave(): void }) {
  const [added, setAdded] = useState<Added | null>(null);
  const done = () => {
    onLeave();
    onChanged();
  };
  return (
    <>
      {added && <AddedHint added={added} />}
      {open === 'add' && (
        <AddPlates
          list={list}
          onAdded={(came) => {
            setAdded(came);
            done();
          }}
          onLeave={onLeave}
        />
      )}
      {(open === 'renew' || open === 'revoke') && (
        <KeptForm
          key={open}
          draft={draftOf(list, open)}
          title={t(`list.${open}.do`)}
          does={t(`list.${open}.do`)}
          fields={(props) => (
            <>
              {open === 'renew' && <TimeField {...props} name="until" label={t('watch.end')} needed />}
              <TextField {...props} name="reason" label={t('watch.reason')} needed />
            </>
          )}
          run={(values) => doWith(list, open, values)}
          onDone={done}
          onCancel={onLeave}
        />
      )}
    </>
  );
}
