import { chooseNotices, hindrance, NOTICES, notices } from '../alerts/notices.ts';
import { SeverityBadge } from '../alerts/severity.tsx';
import { setTextSize, setTheme, TEXT_SIZES_PERCENT, THEMES, textSize, theme } from '../ground/display.ts';
import { session } from '../session.ts';
import { RINGS, ringOf, setRing } from '../sound.ts';
import { language, switchLanguage, t, tOf } from '../texts.ts';
import { SEVERITIES } from '../types.ts';
import { leave } from './leave.tsx';

/** How this browser shows and sounds, and who is signed in. */
export function Settings() {
  return (
    <div class="settings">
      <section aria-labelledby="settings-display">
        <h2 id="settings-display">{t('settings.display')}</h2>
        <Choice
          name="theme"
          title={t('settings.theme')}
          values={THEMES}
          chosen={theme.value}
          say={(one) => tOf('theme', one)}
          onChoose={setTheme}
        />
        <Choice
          name="text-size"
          title={t('settings.textSize')}
          values={TEXT_SIZES_PERCENT}
          chosen={textSize.value}
          say={(one) => `${one} %`}
          onChoose={setTextSize}
        />
        <Choice
          name="language"
          title={t('settings.language')}
          values={['en', 'zh'] as const}
          chosen={language.value}
          say={(one) => (one === 'en' ? 'English' : '中文')}
          onChoose={(one) => one !== language.value && switchLanguage()}
        />
      </section>
      <section aria-labelledby="settings-sounds">
        <h2 id="settings-sounds">{t('settings.sounds')}</h2>
        {SEVERITIES.map((severity) => (
          <Choice
            key={severity}
            name={`ring-${severity}`}
            title={t('settings.soundOf', { severity: tOf('severity', severity) })}
            badge={<SeverityBadge severity={severity} />}
            values={RINGS}
            chosen={ringOf(severity)}
            say={(one) => t(one === 'off' ? 'sound.off.one' : `sound.${one}`)}
            onChoose={(ring) => setRing(severity, ring)}
          />
        ))}
      </section>
      <NoticeSettings />
      <section aria-labelledby="settings-account">
        <h2 id="settings-account">{t('settings.account')}</h2>
        <p>
          <bdi>{t('settings.signedIn', { name: session.value?.name ?? '' })}</bdi>
        </p>
        <button type="button" onClick={() => void leave()}>
          {t('logout')}
        </button>
      </section>
    </div>
  );
}

/** What is told outside the page, and why it is not where it cannot be. */
function NoticeSettings() {
  return (
    <section aria-labelledby="settings-notices">
      <h2 id="settings-notices">{t('settings.notices')}</h2>
      <Choice
        name="notices"
        title={t('settings.noticesOf')}
        values={NOTICES}
        chosen={notices.value}
        say={(one) => tOf('notices', one)}
        onChoose={(one) => void chooseNotices(one)}
      />
      <p class="hint">{t('settings.noticesHint')}</p>
      <p role="status">{notices.value !== 'off' && hindrance.value && t(`notices.${hindrance.value}`)}</p>
    </section>
  );
}

interface ChoiceProps<Value> {
  name: string;
  title: string;
  badge?: preact.JSX.Element;
  values: readonly Value[];
  chosen: Value;
  say(value: Value): string;
  onChoose(value: Value): void;
}

/** One of a few values, as radio buttons. */
function Choice<Value extends string | number>({
  name,
  title,
  badge,
  values,
  chosen,
  say,
  onChoose,
}: ChoiceProps<Value>) {
  return (
    <fieldset class="choice">
      <legend>
        {badge}
        {title}
      </legend>
      {values.map((value) => (
        <label key={value}>
          <input type="radio" name={name} checked={value === chosen} onChange={() => onChoose(value)} />
          <span>{say(value)}</span>
        </label>
      ))}
    </fieldset>
  );
}
