import { language } from '../../texts.ts';
import type { RuleOfAlert } from '../../types.ts';
import { t } from '../say.ts';

/** What the rule says is to be done, step by step, and whom to call; nothing where it says neither. */
export function Procedure({ rule }: { rule: RuleOfAlert | null }) {
  const { procedure = [], contacts = [] } = rule ?? {};
  if (procedure.length === 0 && contacts.length === 0) return null;
  const said = ({ en, zh }: { en: string; zh: string }) => (language.value === 'zh' ? zh : en);
  return (
    <section class="panel procedure" aria-labelledby="procedure-title">
      <h3 id="procedure-title">{t('procedure.title')}</h3>
      <ol>
        {procedure.map((step) => (
          <li key={step.en}>
            <bdi>{said(step)}</bdi>
          </li>
        ))}
      </ol>
      {contacts.length > 0 && (
        <ul class="contacts" aria-label={t('procedure.contacts')}>
          {contacts.map(({ name, phone }) => (
            <li key={name.en + phone}>
              <a href={`tel:${phone.replaceAll(/[^+0-9]/g, '')}`}>
                <bdi>{said(name)}</bdi> <strong>{phone}</strong>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
