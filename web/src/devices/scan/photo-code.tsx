import { useRef } from 'preact/hooks';
import { readCode } from './read-code.ts';
import { t } from './say.ts';

/** How reading a photo goes; `none`: there is no code in it. */
export type Reading = 'idle' | 'reading' | 'none' | 'failed';

interface Props {
  label: string;
  isReading: boolean;
  onReading(state: Reading): void;
  onText(text: string): void;
}

/** Takes a photo, or one that is there, and reads the code in it: works without a certificate. */
export function PhotoCode({ label, isReading, onReading, onText }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const read = async () => {
    const [photo] = field.current?.files ?? [];
    if (!photo) return;
    onReading('reading');
    try {
      const text = await readCode(photo);
      onReading(text === null ? 'none' : 'idle');
      if (text !== null) onText(text);
    } catch {
      onReading('failed');
    }
    if (field.current) field.current.value = '';
  };
  return (
    <label class="as-button scan">
      {isReading ? t('scan.reading') : label}
      <input
        type="file"
        class="unseen"
        ref={field}
        accept="image/*"
        capture="environment"
        onChange={() => void read()}
      />
    </label>
  );
}
