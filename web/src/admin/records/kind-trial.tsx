import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { Unfold } from '../common/deed.tsx';
import { isBegun } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { Wide } from '../common/wide.tsx';
import { t } from '../say.ts';
import type { KindTrial } from '../types.ts';
import { countText, timeText } from '../words.ts';

const FORM = 'trial.kind';
const FIELDS: readonly FieldSpec[] = [
  { name: 'yaml', label: 'trial.yaml', as: 'text' },
  { name: 'hours', label: 'trial.hours' },
];

/** Tries a changed kind on what came in: whether that mends what could not be used. */
export function KindTrialForm({ onTried }: { onTried(): void }) {
  const [found, setFound] = useState<KindTrial | null>(null);
  return (
    <section class="panel" aria-labelledby="trial-title">
      <h3 id="trial-title">{t('trial.title')}</h3>
      <p class="hint">{t('trial.hint')}</p>
      <Unfold label={t('trial.title')} open={isBegun(FORM)}>
        {(leave) => (
          <ApiForm
            operation="POST /kinds/dry-run"
            name={FORM}
            title={t('trial.title')}
            fields={FIELDS}
            submit={t('trial.run')}
            keeps
            send={async (body) => {
              setFound(await send<KindTrial>('POST', '/kinds/dry-run', body));
              onTried();
            }}
            onLeave={leave}
          />
        )}
      </Unfold>
      {found && <Found found={found} />}
    </section>
  );
}

function Found({ found }: { found: KindTrial }) {
  const { messages, before, after, valuesChanged, complete, to, reasons } = found;
  const counts = { n: messages, before: before.deadLettered, after: after.deadLettered };
  return (
    <div class="made" role="status">
      <p>{t('trial.found', Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, countText(n)])))}</p>
      <p>{t('trial.values', { n: countText(valuesChanged) })}</p>
      {!complete && <p class="trouble">{t('trial.partial', { time: timeText(to) })}</p>}
      {reasons.length > 0 && (
        <Wide name={t('trial.reason')}>
          <thead>
            <tr>
              <th scope="col">{t('trial.reason')}</th>
              <th scope="col">{t('trial.before')}</th>
              <th scope="col">{t('trial.after')}</th>
            </tr>
          </thead>
          <tbody>
            {reasons.map(({ reason, path, before: was, after: is }) => (
              <tr key={`${reason} ${path}`}>
                <td>
                  {reason} <bdi>{path}</bdi>
                </td>
                <td>{countText(was)}</td>
                <td>{countText(is)}</td>
              </tr>
            ))}
          </tbody>
        </Wide>
      )}
    </div>
  );
}
