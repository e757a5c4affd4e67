import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { useAnswer } from '../../case/use-answer.ts';
import { may } from '../../session.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { Diff } from '../common/diff.tsx';
import { keepValues } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { t } from '../say.ts';
import type { RuleText, RuleVersion } from '../types.ts';
import { beginDraft, DRAFT, draftText, EMPTY_RULE, ruleIn, textPath } from './draft-text.ts';
import { Trial } from './trial.tsx';

const YAML: FieldSpec = { name: 'yaml', label: 'rules.yaml', as: 'text' };
const REASON: FieldSpec = { name: 'reason', label: 'rules.reason' };

/** A rule that is being written: it is tried, held against what is in force, and asked for. */
export function Draft({ onAsked }: { onAsked(): void }) {
  const [asked, setAsked] = useState<RuleVersion | null>(null);
  const yaml = draftText();
  return (
    <section class="panel" id="rules-draft" aria-labelledby="rules-draft-title">
      <h3 id="rules-draft-title">{t('rules.draft')}</h3>
      {asked && <p role="status">{t(asked.state === 'asked' ? 'rules.asked' : 'rules.done')}</p>}
      {yaml === '' ? (
        <button type="button" onClick={() => beginDraft(EMPTY_RULE.replace('version: 1', 'version: 0'))}>
          {t('rules.draft.new')}
        </button>
      ) : (
        <>
          <ApiForm
            operation="POST /rules"
            name={DRAFT}
            title={t('rules.draft')}
            fields={may('rules.keep') ? [YAML, REASON] : [YAML]}
            submit={t('rules.ask')}
            isReadOnly={!may('rules.keep')}
            send={async (body) => {
              setAsked(await send<RuleVersion>('POST', '/rules', body));
              onAsked();
            }}
          >
            <p class="hint">{t('rules.draft.hint')}</p>
          </ApiForm>
          {may('rules.try') && <Trial yaml={yaml} />}
          <Against yaml={yaml} />
          <Deed label={t('rules.drop')} ask={t('rules.drop.ask')} run={async () => keepValues(DRAFT, {})} />
        </>
      )}
    </section>
  );
}

/** What changes against the rule of this name that is in force. */
function Against({ yaml }: { yaml: string }) {
  const rule = ruleIn(yaml);
  if (rule === null) return null;
  return <Unfold label={t('rules.diff')}>{() => <Compared key={rule} rule={rule} yaml={yaml} />}</Unfold>;
}

function Compared({ rule, yaml }: { rule: string; yaml: string }) {
  const { answer, refused } = useAnswer<RuleText>(textPath(rule));
  if (!answer && !refused) return <p class="hint">{t('part.reading')}</p>;
  return <Diff before={answer?.yaml ?? ''} after={yaml} />;
}
