import { useState } from 'preact/hooks';
import { get, send } from '../../api.ts';
import { useAnswer } from '../../case/use-answer.ts';
import { kindTitle } from '../../devices/words.ts';
import { adjust, place } from '../../ground/router.ts';
import { may } from '../../session.ts';
import { language } from '../../texts.ts';
import type { Rule } from '../../types.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { List, Row } from '../common/list.tsx';
import { t, tOf } from '../say.ts';
import type { RuleText } from '../types.ts';
import { beginDraft, draftOf, showDraft, textPath } from './draft-text.ts';
import { Reason } from './reason.tsx';

interface InForceProps {
  after: number;
  onAsked(): void;
}

/** What is judged by now, with the text of each. The link of a kind leads to one rule. */
export function InForce({ after, onAsked }: InForceProps) {
  const [words, setWords] = useState('');
  const named = place.value.query.get('rule');
  const isMeant = ({ rule, title }: Rule) => {
    if (named !== null) return rule === named;
    return words === '' || [rule, title.en, title.zh].some((one) => one.toLowerCase().includes(words.toLowerCase()));
  };
  return (
    <section class="panel" aria-labelledby="rules-in-force">
      <h3 id="rules-in-force">{t('rules.inForce')}</h3>
      {named === null ? (
        <label class="admin-search">
          {t('rules.find')}
          <input type="search" value={words} onInput={({ currentTarget }) => setWords(currentTarget.value)} />
        </label>
      ) : (
        <button type="button" class="quiet" onClick={() => adjust(new URLSearchParams())}>
          {t('admin.any')}
        </button>
      )}
      <List<Rule>
        path="/rules"
        after={after}
        everyMs={null}
        isMeant={isMeant}
        none={t('rules.none')}
        keyOf={({ rule }) => rule}
        row={(rule) => <One rule={rule} onAsked={onAsked} />}
      />
    </section>
  );
}

function One({ rule: { rule, version, title, severity, class: of, kinds, condition }, onAsked }: OneProps) {
  const path = `/rules/${encodeURIComponent(rule)}`;
  return (
    <Row
      title={title[language.value]}
      mark={tOf('severity', severity)}
      facts={[
        rule,
        t('rules.version', { n: version }),
        tOf('class', of),
        t('rules.kinds', { kinds: kinds.map(kindTitle).join(', ') }),
        typeof condition.type === 'string' && t('rules.condition', { type: tOf('asks', condition.type) }),
      ]}
      deeds={
        <>
          <Unfold label={t('rules.text')}>{() => <Text rule={rule} />}</Unfold>
          {(may('rules.try') || may('rules.keep')) && <Begin rule={rule} />}
          {may('rules.keep') && (
            <Unfold label={t('rules.end')}>
              {(leave) => (
                <Reason
                  name={`end ${rule}`}
                  label={t('rules.end.reason')}
                  submit={t('rules.end')}
                  send={(reason) => send('POST', `${path}/end`, { reason })}
                  onDone={onAsked}
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

/** One draft is kept at a time: that of this rule is gone on with, and another one is not thrown away unasked. */
function Begin({ rule }: { rule: string }) {
  const of = draftOf();
  if (of === rule) return <Deed key="on" label={t('rules.draft.goOn')} run={async () => showDraft()} />;
  return (
    <Deed
      key="begin"
      label={t('rules.draft.begin')}
      {...(of !== null && { ask: t('rules.draft.other', { rule: of || '…' }) })}
      run={async () => beginDraft((await get<RuleText>(textPath(rule))).yaml)}
    />
  );
}

interface OneProps {
  rule: Rule;
  onAsked(): void;
}

function Text({ rule }: { rule: string }) {
  const { answer } = useAnswer<RuleText>(textPath(rule));
  if (!answer) return <p class="hint">{t('part.reading')}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by the keyboard
    <pre class="code" tabIndex={0}>
      {answer.yaml}
    </pre>
  );
}
