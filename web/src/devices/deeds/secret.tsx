import { useState } from 'preact/hooks';
import { t } from '../say.ts';

/** What a device proves itself by, shown this once. */
export function Secret({ secret }: { secret: string }) {
  const [copied, setCopied] = useState(false);
  // Browsers give the clipboard to secure contexts alone.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  return (
    <div class="secret">
      <p>{t('secret.once')}</p>
      <code class="secret-text">{secret}</code>
      {clipboard && (
        <button
          type="button"
          onClick={() =>
            void clipboard.writeText(secret).then(
              () => setCopied(true),
              () => undefined,
            )
          }
        >
          {t(copied ? 'secret.copied' : 'secret.copy')}
        </button>
      )}
    </div>
  );
}
