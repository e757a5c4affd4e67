import { useEffect } from 'preact/hooks';
import { t } from '../say.ts';
import { followVersions, newVersion, takeNewVersion } from '../shell/versions.ts';

/** What this page lacks where its address is not secure, and why; and that there is a newer page. */
export function Secure() {
  useEffect(() => {
    void followVersions();
  }, []);
  if (isSecureContext) return newVersion.value ? <NewVersion /> : null;
  return (
    <section class="panel insecure" aria-labelledby="insecure-title">
      <h3 id="insecure-title">{t('secure.title')}</h3>
      <p>{t('secure.why')}</p>
      <ul>
        {(['scanner', 'offline', 'install'] as const).map((what) => (
          <li key={what}>{t(`secure.${what}`)}</li>
        ))}
      </ul>
      <p>{t('secure.how')}</p>
    </section>
  );
}

function NewVersion() {
  return (
    <p class="panel bar" role="status">
      {t('version.new')}
      <button type="button" onClick={takeNewVersion}>
        {t('version.use')}
      </button>
    </p>
  );
}
