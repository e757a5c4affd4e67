import { useState } from 'preact/hooks';
import { follows } from '../../ground/router.ts';
import { deviceAddress } from '../../ground/views.ts';
import { usernamesOf } from '../../people.ts';
import { Unfold } from '../common/deed.tsx';
import { Diff } from '../common/diff.tsx';
import { List, Row } from '../common/list.tsx';
import { type SayKey, t, tOf } from '../say.ts';
import type { AuditLine, Look } from '../types.ts';
import { areaText, timeText } from '../words.ts';
import { Proof } from './proof.tsx';

/** Who changed what. Each look at it is registered, so it is read when somebody presses. */
export function AuditTrail() {
  return (
    <>
      <Entries />
      <Proof />
    </>
  );
}

function Entries() {
  const [asked, setAsked] = useState<Record<string, string> | null>(null);
  return (
    <section class="panel" aria-label={t('piece.audit')}>
      <Asking fields={[['subject', 'audit.subject']]} onAsk={setAsked} />
      <List<AuditLine>
        path={asked && `/audit?${new URLSearchParams({ ...asked, limit: '50' })}`}
        everyMs={null}
        none={t('audit.none')}
        keyOf={({ seq }) => String(seq)}
        row={(line) => <Change line={line} />}
      />
    </section>
  );
}

function Change({ line: { seq, at, caller, action, subject, jurisdiction, before, after } }: { line: AuditLine }) {
  const texts = [before, after].map((one) => (one === null || one === undefined ? '' : JSON.stringify(one, null, 2)));
  const [was = '', is = ''] = texts;
  return (
    <Row
      title={`${action} ${subject}`}
      facts={[
        `№ ${seq}`,
        timeText(at),
        caller.type === 'system' ? t('audit.system') : { text: caller.name, title: usernamesOf([caller]) },
        areaText(jurisdiction),
      ]}
      deeds={was + is !== '' && <Unfold label={t('diff.title')}>{() => <Diff before={was} after={is} />}</Unfold>}
    />
  );
}

/** Who looked at what, and why. */
export function LookRegister() {
  const [asked, setAsked] = useState<Record<string, string> | null>(null);
  return (
    <section class="panel" aria-label={t('piece.register')}>
      <Asking
        fields={[
          ['device', 'register.device'],
          ['viewer', 'register.viewer'],
        ]}
        onAsk={setAsked}
      />
      <List<Look>
        path={asked && `/access-register?${new URLSearchParams({ ...asked, limit: '50' })}`}
        everyMs={null}
        none={t('audit.none')}
        keyOf={({ seq }) => String(seq)}
        row={({ seq, at, viewer, act, device, jurisdiction, purpose, case: number }) => (
          <Row
            title={
              device === null ? (
                tOf('act', act)
              ) : (
                <>
                  {tOf('act', act)}{' '}
                  <a class="admin-link" href={deviceAddress(device)} onClick={follows}>
                    {device}
                  </a>
                </>
              )
            }
            facts={[
              `№ ${seq}`,
              timeText(at),
              { text: viewer.name, title: usernamesOf([viewer]) },
              purpose,
              number !== null && t('register.case', { number }),
              areaText(jurisdiction),
            ]}
          />
        )}
      />
    </section>
  );
}

interface AskingProps {
  fields: readonly (readonly [name: string, label: SayKey])[];
  onAsk(asked: Record<string, string>): void;
}

function Asking({ fields, onAsk }: AskingProps) {
  return (
    <form
      class="filters filters-unfolded"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value).trim()]);
        onAsk(Object.fromEntries(typed.filter(([, value]) => value !== '')));
      }}
    >
      {fields.map(([name, label]) => (
        <label key={name}>
          <span>{t(label)}</span>
          <input name={name} maxLength={128} autocomplete="off" />
        </label>
      ))}
      <button type="submit" class="primary">
        {t('admin.show')}
      </button>
      <p class="hint">{t('audit.hint')}</p>
    </form>
  );
}
