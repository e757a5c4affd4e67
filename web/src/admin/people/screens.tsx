import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { useAnswer } from '../../case/use-answer.ts';
import { Secret } from '../../devices/deeds/secret.tsx';
import { VIEWS } from '../../ground/views.ts';
import { may } from '../../session.ts';
import { nowMs } from '../../ticker.ts';
import type { CameraWall, Page } from '../../types.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { isBegun } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { List, Row } from '../common/list.tsx';
import { t } from '../say.ts';
import type { MadeScreen, Screen } from '../types.ts';
import { byText, scopeText, timeText } from '../words.ts';

function fields(walls: readonly CameraWall[]): FieldSpec[] {
  return [
    { name: 'name', label: 'screens.name' },
    { name: 'view', label: 'screens.view', words: 'screen' },
    {
      name: 'wall',
      label: 'screens.wall',
      hint: 'screens.wall.hint',
      choices: walls.map(({ id }) => id),
      nameOf: (id) => walls.find((one) => one.id === id)?.name ?? id,
    },
    { name: 'address', label: 'screens.address', hint: 'screens.address.hint' },
    { name: 'jurisdiction', label: 'admin.area', as: 'area' },
    { name: 'police', label: 'admin.police' },
  ];
}

interface Made {
  view: Screen['view'];
  made: MadeScreen;
}

/** Second screens: which there are, and how each is signed in. */
export function Screens() {
  const walls = useAnswer<Page<CameraWall>>(may('video.look') ? '/walls' : null);
  const [made, setMade] = useState<Made | null>(null);
  const shared = (walls.answer?.items ?? []).filter(({ shared: isShared }) => isShared);
  return (
    <section class="panel" aria-label={t('piece.screens')}>
      <Unfold label={t('screens.new')} primary open={isBegun('screens.new')}>
        {(leave) => (
          <ApiForm
            operation="POST /displays"
            name="screens.new"
            title={t('screens.new')}
            fields={fields(shared)}
            submit={t('screens.new')}
            send={async (body) => {
              const answer = await send<MadeScreen>('POST', '/displays', body);
              if (answer) setMade({ view: body.view as Screen['view'], made: answer });
            }}
            onDone={leave}
            onLeave={leave}
          />
        )}
      </Unfold>
      {made && <Link {...made} />}
      <List<Screen>
        path="/displays"
        after={made?.made.id ?? ''}
        none={t('screens.none')}
        keyOf={({ id }) => id}
        row={(screen, again) => <One screen={screen} again={again} />}
      />
    </section>
  );
}

/** Where the screen is opened. What stands behind # is sent to nobody, and the page takes it out of the address. */
function Link({ view, made: { token } }: Made) {
  const link = token === undefined ? token : `${location.origin}${VIEWS[view].path}#screen=${token}`;
  return (
    <div class="made" role="status">
      {link !== undefined && <p>{t('screens.how')}</p>}
      <Secret secret={link} />
    </div>
  );
}

function One({ screen, again }: { screen: Screen; again: () => void }) {
  const { id, name, view, address, createdBy, createdAt, begunAt, tokenUntil, revokedAt, version } = screen;
  const [made, setMade] = useState<MadeScreen | null>(null);
  const path = `/displays/${encodeURIComponent(id)}`;
  return (
    <Row
      title={name}
      mark={revokedAt !== null && t('tokens.revoked')}
      facts={[
        t(`screen.${view}`),
        address,
        scopeText(screen),
        byText({ id: createdBy }),
        t('admin.since', { time: timeText(createdAt) }),
        begunAt !== null && t('screens.begun', { time: timeText(begunAt) }),
        revokedAt === null && tokenUntil !== null && waitsText(tokenUntil),
      ]}
      deeds={
        revokedAt === null && (
          <>
            <Deed
              label={t('screens.token')}
              ask={t('screens.token.ask', { name })}
              run={async () => setMade(await send<MadeScreen>('POST', `${path}/token`, {}))}
              onDone={again}
            />
            <Deed
              label={t('tokens.revoke')}
              ask={t('screens.revoke.ask', { name })}
              run={() => send('DELETE', path, undefined, version)}
              onDone={again}
            />
          </>
        )
      }
    >
      {made && <Link view={view} made={made} />}
    </Row>
  );
}

function waitsText(until: string): string {
  return Date.parse(until) < nowMs.value ? t('screens.overdue') : t('screens.waits', { time: timeText(until) });
}
