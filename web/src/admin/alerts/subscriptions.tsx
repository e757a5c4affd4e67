import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { Secret } from '../../devices/deeds/secret.tsx';
import { Deed, Unfold } from '../common/deed.tsx';
import { isBegun, valuesOf } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { List, Row } from '../common/list.tsx';
import { t, tOf } from '../say.ts';
import type { MadeSubscription, NewSecret, Subscription, TestResult } from '../types.ts';
import { byText, countText, scopeText } from '../words.ts';
import { Deliveries } from './deliveries.tsx';
import { EXAMPLE, SINKS, targetOf, whereTo } from './targets.ts';

const FORM = 'subs.new';

/** What is filled in for alerts that are sent in this way. */
function fields(sink: string): FieldSpec[] {
  return [
    { name: 'name', label: 'admin.name' },
    { name: 'type', label: 'subs.type', choices: SINKS, words: 'sink', limits: { required: true } },
    ...targetOf(sink),
    { name: 'jurisdiction', label: 'admin.area', as: 'area' },
    { name: 'police', label: 'admin.police' },
    { name: 'severities', label: 'subs.severities', words: 'severity' },
    { name: 'classes', label: 'subs.classes', words: 'class' },
    { name: 'rules', label: 'subs.rules' },
    { name: 'departments', label: 'subs.departments' },
    { name: 'level', label: 'subs.level', words: 'told-from' },
  ];
}

/** Who is told of alerts: whether they take them, and what they did not. */
export function Subscriptions() {
  const [made, setMade] = useState<MadeSubscription | null>(null);
  return (
    <section class="panel" aria-label={t('piece.subscriptions')}>
      <Unfold label={t('subs.new')} primary open={isBegun(FORM)}>
        {(leave) => (
          <ApiForm
            operation="POST /subscriptions"
            name={FORM}
            title={t('subs.new')}
            fields={fields(valuesOf(FORM).type ?? 'webhook')}
            start={{ type: 'webhook', ...EXAMPLE }}
            submit={t('subs.new')}
            send={async (body) => setMade(await send<MadeSubscription>('POST', '/subscriptions', body))}
            onDone={leave}
            onLeave={leave}
          />
        )}
      </Unfold>
      {(made?.secret !== undefined || made?.secretWithheld) && (
        <div class="made" role="status">
          <Secret secret={made.secret} />
        </div>
      )}
      <List<Subscription>
        path="/subscriptions"
        after={made?.id ?? ''}
        none={t('subs.none')}
        keyOf={({ id }) => id}
        row={(one, again) => <One one={one} again={again} />}
      />
    </section>
  );
}

const COUNTS = ['delivered', 'waiting', 'withheld', 'dead'] as const;

function One({ one, again }: { one: Subscription; again: () => void }) {
  const { name, type, state, stateReason, owner, ownerless, counts, lastError, severities, rules, departments } = one;
  return (
    <Row
      title={name}
      mark={tOf('sub', state)}
      bad={state !== 'active' || lastError !== null}
      facts={[
        tOf('sink', type),
        whereTo(one),
        scopeText(one),
        severities.map((severity) => tOf('severity', severity)).join(', '),
        rules?.join(', ') ?? null,
        departments?.join(', ') ?? null,
        byText({ name: owner }),
        ownerless && t('sub.ownerless'),
        stateReason,
        ...COUNTS.map((which) => t(`sub.${which}`, { n: countText(counts[which] ?? 0) })),
        lastError !== null && t('sub.failing', { why: lastError }),
      ]}
      deeds={state === 'active' && <Deeds one={one} again={again} />}
    >
      <Unfold label={t('sub.letters')}>{() => <Deliveries id={one.id} onSent={again} />}</Unfold>
    </Row>
  );
}

function Deeds({ one: { id, name, ownerless, version }, again }: { one: Subscription; again: () => void }) {
  const [result, setResult] = useState<TestResult | null>(null);
  const [secret, setSecret] = useState<NewSecret | null>(null);
  const path = `/subscriptions/${encodeURIComponent(id)}`;
  const test = async (judge: boolean) =>
    setResult(await send<TestResult>('POST', `${path}/test`, judge ? { judge } : {}));
  const rotate = async () => setSecret(await send<NewSecret>('POST', `${path}/secret`, {}));
  return (
    <>
      <Deed label={t('sub.test')} run={() => test(false)} />
      <Deed label={t('sub.judge')} run={() => test(true)} />
      <Deed label={t('sub.secret')} ask={t('sub.secret.ask')} run={rotate} onDone={again} />
      {ownerless && <Deed label={t('sub.takeOver')} run={() => send('POST', `${path}/take-over`)} onDone={again} />}
      <Deed
        label={t('sub.end')}
        ask={t('sub.end.ask', { name })}
        run={() => send('DELETE', path, undefined, version)}
        onDone={again}
      />
      {result && <Result result={result} />}
      {secret !== null && (
        <div class="made" role="status">
          <Secret secret={secret.secret} />
        </div>
      )}
    </>
  );
}

/** What the receiver made of it; what it means is said by the gateway, in English. */
function Result({ result: { outcome, status, reason, checks } }: { result: TestResult }) {
  return (
    <div class="made" role="status">
      <p>
        {t(`sub.${outcome}`)} {status}
      </p>
      {reason !== null && (
        <p lang="en">
          <bdi>{reason}</bdi>
        </p>
      )}
      {checks && (
        <ul class="admin-rows">
          {checks.map(({ name, verdict, says }) => (
            <li key={name} lang="en">
              <b>{name}</b>
              <span class={verdict === 'passed' ? 'mark' : 'mark mark-bad'}>{tOf('check', verdict)}</span>
              <bdi>{says}</bdi>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
