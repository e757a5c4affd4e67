import { useEffect, useRef, useState } from 'preact/hooks';
import { pause } from '../../ticker.ts';
import { CodeReader, pixelsOf } from './code-reader.ts';
import { t } from './say.ts';

/** Of a live picture, which is looked at again and again: a code that is held before the camera is large in it. */
const SIDE_MAX_PX = 800;
const DECODE_MS = 60;
const EVERY_MS = 120;

/** Whether this page may use the camera: only in a secure context. */
export function canScanLive(): boolean {
  return isSecureContext && navigator.mediaDevices?.getUserMedia !== undefined;
}

interface Props {
  onText(text: string): void;
  onStop(): void;
}

/** The live picture of the camera, until a code is seen in it. */
export function LiveScan({ onText, onStop }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const told = useRef(onText);
  told.current = onText;
  useEffect(() => {
    const stop = new AbortController();
    const element = video.current;
    if (element) {
      scan(element, stop.signal).then(
        (text) => {
          if (!stop.signal.aborted && text !== null) told.current(text);
        },
        (error: Error) => {
          if (!stop.signal.aborted) setTrouble(error.message || error.name);
        },
      );
    }
    return () => stop.abort();
  }, []);
  return (
    <div class="live-scan">
      {trouble === null ? (
        <>
          <video ref={video} muted playsInline aria-label={t('scan.aim')} />
          <p class="hint" role="status">
            {t('scan.aim')}
          </p>
        </>
      ) : (
        <p class="trouble" role="alert">
          <bdi>{t('scan.noCamera', { why: trouble })}</bdi>
        </p>
      )}
      <button type="button" onClick={onStop}>
        {t('scan.stop')}
      </button>
    </div>
  );
}

/** The first text that is seen; null where nobody looks any more. The camera is let go in any case. */
async function scan(video: HTMLVideoElement, signal: AbortSignal): Promise<string | null> {
  const wish = { facingMode: 'environment', width: { ideal: 1_280 }, height: { ideal: 720 } };
  const stream = await navigator.mediaDevices.getUserMedia({ video: wish });
  const reader = new CodeReader();
  try {
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const { videoWidth: width, videoHeight: height } = video;
      const pixels = () => pixelsOf(video, { width, height, sideMaxPx: SIDE_MAX_PX });
      const text = width > 0 ? await reader.read(video, pixels, DECODE_MS) : null;
      if (text !== null && !signal.aborted) return text;
      await pause(EVERY_MS, signal).catch(() => undefined);
    }
    return null;
  } finally {
    reader.close();
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
