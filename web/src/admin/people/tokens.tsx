import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { Secret } from '../../devices/deeds/secret.tsx';
import { nowMs } from '../../ticker.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { isBegun } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { List, Row } from '../common/list.tsx';
import { t, tOf } from '../say.ts';
import type { MadeToken, Token } from '../types.ts';
import { scopeText, timeText } from '../words.ts';

const FIELDS: readonly FieldSpec[] = [
  { name: 'name', label: 'tokens.name' },
  { name: 'role', label: 'people.role', words: 'role' },
  { name: 'jurisdiction', label: 'admin.area', as: 'area' },
  { name: 'police', label: 'admin.police' },
  { name: 'purpose', label: 'tokens.purpose' },
  { name: 'expiresAt', label: 'tokens.expires', as: 'moment' },
];

/** What machines prove themselves by. A token is shown once, when it is made. */
export function Tokens() {
  const [made, setMade] = useState<MadeToken | null>(null);
  return (
    <section class="panel" aria-label={t('piece.tokens')}>
      <Unfold label={t('tokens.new')} primary open={isBegun('tokens.new')}>
        {(leave) => (
          <ApiForm
            operation="POST /tokens"
            name="tokens.new"
            title={t('tokens.new')}
            fields={FIELDS}
            submit={t('tokens.new')}
            send={async (body) => setMade(await send<MadeToken>('POST', '/tokens', body))}
            onDone={leave}
            onLeave={leave}
          />
        )}
      </Unfold>
      {made && (
        <div class="made" role="status">
          <Secret secret={made.token} />
        </div>
      )}
      <List<Token>
        path="/tokens"
        after={made?.id ?? ''}
        none={t('tokens.none')}
        keyOf={({ id }) => id}
        row={(token, again) => <One token={token} again={again} />}
      />
    </section>
  );
}

function One({ token, again }: { token: Token; again: () => void }) {
  const { id, name, role, purpose, createdAt, expiresAt, revokedAt, version } = token;
  const isOver = expiresAt !== null && Date.parse(expiresAt) < nowMs.value;
  return (
    <Row
      title={name}
      mark={revokedAt !== null ? t('tokens.revoked') : isOver && t('tokens.expired')}
      facts={[
        tOf('role', role),
        scopeText(token),
        purpose,
        t('admin.since', { time: timeText(createdAt) }),
        expiresAt !== null && t('admin.until', { time: timeText(expiresAt) }),
      ]}
      deeds={
        revokedAt === null && (
          <Deed
            label={t('tokens.revoke')}
            ask={t('tokens.revoke.ask', { name })}
            run={() => send('DELETE', `/tokens/${encodeURIComponent(id)}`, undefined, version)}
            onDone={again}
          />
        )
      }
    />
  );
}
