import { useState } from 'preact/hooks';
import { go } from '../../ground/router.ts';
import { deviceAddress } from '../../ground/views.ts';
import { deviceOfCode } from './code.ts';
import { canScanLive, LiveScan } from './live-scan.tsx';
import { PhotoCode, type Reading } from './photo-code.tsx';
import { t } from './say.ts';

type State = Reading | 'live' | 'other';

/** Leads from the label on a device to its page: by the live camera, or by a photo, which needs no certificate. */
export function ScanLabel() {
  const [state, setState] = useState<State>('idle');
  const follow = (text: string) => {
    const id = deviceOfCode(text);
    if (id === null) setState('other');
    else go(deviceAddress(id));
  };
  if (state === 'live') return <LiveScan onText={follow} onStop={() => setState('idle')} />;
  return (
    <>
      {canScanLive() && (
        <button type="button" onClick={() => setState('live')}>
          {t('scan.live')}
        </button>
      )}
      <PhotoCode label={t('scan.label')} isReading={state === 'reading'} onReading={setState} onText={follow} />
      <span role="status" class="trouble">
        {state === 'idle' || state === 'reading' ? '' : t(`scan.${state}`)}
      </span>
    </>
  );
}
