import { useState } from 'preact/hooks';
import { t } from '../say.ts';

/**
 * What a device proves itself by, shown this once. Undefined: it was made, but the one answer that told it did not
 * arrive.
 */
export function Secret({ secret }: { secret: string | undefined }) {
  const [copied, setCopied] = useState(false);
  if (secret === undefined) return <p class="secret">{t('secret.lost')}</p>;
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
