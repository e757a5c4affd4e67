import { send } from '../../api.ts';
import { useAnswer } from '../../case/use-answer.ts';
import { adjust, place } from '../../ground/router.ts';
import { usernamesOf } from '../../people.ts';
import { may } from '../../session.ts';
import type { Page } from '../../types.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { Diff } from '../common/diff.tsx';
import { List, Row } from '../common/list.tsx';
import { t } from '../say.ts';
import type { RuleText, RuleVersion } from '../types.ts';
import { timeText } from '../words.ts';
import { textPath } from './draft-text.ts';
import { Reason } from './reason.tsx';

const STATES = ['asked', 'in-force', 'replaced', 'rejected'] as const satisfies RuleVersion['state'][];

interface VersionsProps {
  after: number;
  onDecided(): void;
}

/** Versions of rules that people asked for, and what another person decides of them. */
export function Versions({ after, onDecided }: VersionsProps) {
  const state = STATES.find((one) => one === place.value.query.get('state'));
  return (
    <section class="panel" aria-labelledby="rules-versions">
      <h3 id="rules-versions">{t('versions.title')}</h3>
      <label class="admin-search">
        {t('versions.state')}
        <select
          value={state ?? ''}
          onChange={({ currentTarget }) =>
            adjust(new URLSearchParams(currentTarget.value === '' ? {} : { state: currentTarget.value }))
          }
        >
          <option value="">{t('admin.any')}</option>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {t(`version.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <List<RuleVersion>
        path={`/rules/versions?limit=20${state === undefined ? '' : `&state=${state}`}`}
        after={after}
        none={t('versions.none')}
        keyOf={({ id }) => id}
        row={(version) => <One version={version} onDecided={onDecided} />}
      />
    </section>
  );
}

function One({ version: one, onDecided }: { version: RuleVersion; onDecided(): void }) {
  const { id, rule, version, yaml, state, reason, asked, decided } = one;
  const path = `/rules/versions/${encodeURIComponent(id)}`;
  return (
    <Row
      title={`${rule} ${version}`}
      mark={t(`version.${state}`)}
      bad={state === 'asked'}
      facts={[
        yaml === null && t('versions.ends'),
        reason,
        { text: t('versions.askedBy', { name: asked.name, time: timeText(asked.at) }), title: usernamesOf([asked]) },
        decided && {
          text: t('versions.decidedBy', { name: decided.name, time: timeText(decided.at) }),
          title: usernamesOf([decided]),
        },
        decided?.why ?? null,
      ]}
      deeds={
        <>
          <Unfold label={t('diff.title')}>{() => <Changed one={one} />}</Unfold>
          {state === 'asked' && may('rules.approve') && (
            <Deed
              label={t('versions.approve')}
              ask={t('versions.approve.ask')}
              run={() => send('POST', `${path}/approve`, {})}
              onDone={onDecided}
            />
          )}
          {state === 'asked' && (
            <Unfold label={t('versions.reject')}>
              {(leave) => (
                <Reason
                  name={`reject ${id}`}
                  label={t('versions.why')}
                  submit={t('versions.reject')}
                  send={(why) => send('POST', `${path}/reject`, { why })}
                  onDone={onDecided}
                  onLeave={leave}
                />
              )}
            </Unfold>
          )}
        </>
      }
    />
  );
}

/** Against the version before it that people made; where there is none, or it is only asked for, what is in force. */
function Changed({ one: { rule, version, yaml, state } }: { one: RuleVersion }) {
  const name = encodeURIComponent(rule);
  const { answer: others, refused } = useAnswer<Page<RuleVersion>>(`/rules/versions?rule=${name}&limit=100`);
  const inForce = useAnswer<RuleText>(textPath(rule));
  if (!(others || refused) || !(inForce.answer || inForce.refused)) return <p class="hint">{t('part.reading')}</p>;
  const was = others?.items.filter((other) => other.version < version && isReal(other)).at(0);
  const before = state === 'asked' ? inForce.answer?.yaml : was?.yaml;
  return <Diff before={before ?? ''} after={yaml ?? ''} />;
}

function isReal({ state }: RuleVersion): boolean {
  return state === 'in-force' || state === 'replaced';
}
