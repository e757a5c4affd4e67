import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { Secret } from '../../devices/deeds/secret.tsx';
import { may } from '../../session.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { isBegun } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { List, Row } from '../common/list.tsx';
import { t, tOf } from '../say.ts';
import type { User, Voucher } from '../types.ts';
import { scopeText, timeText } from '../words.ts';

const ABOUT: readonly FieldSpec[] = [
  { name: 'name', label: 'people.name' },
  { name: 'role', label: 'people.role', words: 'role' },
  { name: 'jurisdiction', label: 'admin.area', as: 'area' },
  { name: 'police', label: 'admin.police' },
];
const PASSWORD: FieldSpec = { name: 'password', label: 'people.password', hint: 'people.password.hint', as: 'secret' };

/** Who may log in, and what is done with them. */
export function People() {
  const [changes, setChanges] = useState(0);
  return (
    <>
      {may('people.vouch') && <Codes />}
      {may('people.keep') && (
        <section class="panel" aria-label={t('piece.people')}>
          <Unfold label={t('people.new')} primary open={isBegun('people.new')}>
            {(leave) => (
              <ApiForm
                operation="POST /users"
                name="people.new"
                title={t('people.new')}
                fields={[{ name: 'username', label: 'people.username' }, ...ABOUT, PASSWORD]}
                submit={t('people.new')}
                send={(body) => send('POST', '/users', { ...body, oneTime: true })}
                onDone={() => {
                  setChanges(changes + 1);
                  leave();
                }}
                onLeave={leave}
              />
            )}
          </Unfold>
          <List<User>
            path="/users"
            after={changes}
            none={t('people.none')}
            keyOf={({ id }) => id}
            row={(user, again) => <Person user={user} again={again} />}
          />
        </section>
      )}
    </>
  );
}

interface PersonProps {
  user: User;
  again(): void;
}

function Person({ user, again }: PersonProps) {
  const { name, username, role, disabledAt, mustChange, needsCode, secondFactor, createdAt } = user;
  return (
    <Row
      title={name}
      mark={disabledAt !== null && t('people.suspended')}
      bad
      facts={[
        username,
        tOf('role', role),
        scopeText(user),
        secondFactor && t('people.factor'),
        mustChange && t('people.mustChange'),
        needsCode && t('people.needsCode'),
        t('admin.since', { time: timeText(createdAt) }),
      ]}
      deeds={<Deeds user={user} again={again} />}
    />
  );
}

function Deeds({ user, again }: PersonProps) {
  const { id, name, role, jurisdiction, police, version, disabledAt, secondFactor } = user;
  const path = `/users/${encodeURIComponent(id)}`;
  const patch = (body: object) => send('PATCH', path, body, version);
  if (disabledAt !== null) {
    return <Deed label={t('people.restore')} run={() => patch({ disabled: false })} onDone={again} />;
  }
  const start = { name, role, jurisdiction, police: police ?? '' };
  const form = (title: string, fields: readonly FieldSpec[], more: object) => (leave: () => void) => (
    <ApiForm
      operation="PATCH /users/{id}"
      name={`${fields[0]?.name} ${id}`}
      title={title}
      fields={fields}
      start={fields === ABOUT ? start : {}}
      submit={t('admin.save')}
      send={(body) => patch({ ...(fields === ABOUT && { police: null }), ...body, ...more })}
      onDone={() => {
        leave();
        again();
      }}
      onLeave={leave}
    />
  );
  return (
    <>
      <Unfold label={t('people.change')} open={isBegun(`name ${id}`)}>
        {form(t('people.change'), ABOUT, {})}
      </Unfold>
      <Unfold label={t('people.password.new')}>{form(t('people.password.new'), [PASSWORD], { oneTime: true })}</Unfold>
      {secondFactor && (
        <Deed
          label={t('people.factor.forget')}
          ask={t('people.factor.ask', { name })}
          run={() => patch({ forgetSecondFactor: true })}
          onDone={again}
        />
      )}
      <Deed
        label={t('people.suspend')}
        ask={t('people.suspend.ask', { name })}
        run={() => send('DELETE', path, undefined, version)}
        onDone={again}
      />
    </>
  );
}

/** With it somebody changes a password that another person set: they are met first. */
function Codes() {
  const [given, setGiven] = useState<Voucher | null>(null);
  return (
    <section class="panel" aria-labelledby="people-codes">
      <h3 id="people-codes">{t('people.code')}</h3>
      <Unfold label={t('people.code.give')}>
        {(leave) => (
          <ApiForm
            operation="POST /users/codes"
            name="people.code"
            title={t('people.code')}
            fields={[{ name: 'username', label: 'people.username' }]}
            submit={t('people.code.give')}
            send={async (body) => setGiven(await send<Voucher>('POST', '/users/codes', body))}
            onLeave={() => {
              setGiven(null);
              leave();
            }}
          >
            <p class="hint">{t('people.code.hint')}</p>
          </ApiForm>
        )}
      </Unfold>
      {given && (
        <div class="made" role="status">
          <p>
            <bdi>{t('people.code.for', { ...given, role: tOf('role', given.role) })}</bdi>
          </p>
          <Secret secret={given.code} />
        </div>
      )}
    </section>
  );
}
