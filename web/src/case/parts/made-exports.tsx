import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from '../../api.ts';
import { explain } from '../../explain.ts';
import { noticeEnd } from '../../session.ts';
import { locale } from '../../texts.ts';
import { every } from '../../ticker.ts';
import type { Bundle, Page } from '../../types.ts';
import { t } from '../say.ts';

const LOOK_EVERY_MS = 3_000;
/** States in which something is still to come. */
const GOES_ON: readonly Bundle['state'][] = ['asked', 'copying'];

/** Signed copies of one sort that were asked for, as they are now, and what takes note of another. */
export function useExports(key: string, isMeant: (one: Bundle) => boolean) {
  const [bundles, setBundles] = useState<readonly Bundle[]>([]);
  const take = (some: readonly Bundle[]) => setBundles((known) => merged(known, some));
  useEffect(() => {
    const stop = new AbortController();
    get<Page<Bundle>>('/recording-exports', stop.signal)
      .then(({ items }) => take(items.filter(isMeant)))
      // Those of before are a nicety; what is asked for here is shown anyway.
      .catch(noticeEnd);
    return () => stop.abort();
  }, [key]);
  useFollowed(bundles, take);
  return { bundles, take };
}

/** Why a copy is not made. */
export function whyNot(error: unknown): string {
  if (!(error instanceof ApiError)) return explain(error);
  if (error.code === 'look.incident-missing') return t('bundle.needsCase');
  const said = error.issues.map(({ path, message }) => `${path} ${message}`).join('; ') || error.says;
  return error.status === 400 || error.status === 409 ? `${explain(error)} ${said}`.trim() : explain(error);
}

/** Only our own addresses are led to, whatever an answer says. */
export function Made({ bundle: { state, detail, bytes, url, askedBy } }: { bundle: Bundle }) {
  if (state === 'ready' && url?.startsWith('/api/v1/')) {
    return (
      <a href={url} download>
        {t('bundle.ready', { size: sizeText(bytes) })}
      </a>
    );
  }
  const text = { name: askedBy.name, detail: detail ?? '–', size: sizeText(bytes) };
  return (
    <p class={state === 'failed' ? 'trouble' : 'hint'}>
      <bdi>{t(`bundle.${state}`, text)}</bdi>
    </p>
  );
}

function sizeText(bytes: number): string {
  const unit = bytes < 1_000_000 ? 'kilobyte' : 'megabyte';
  const number = bytes / (unit === 'kilobyte' ? 1_000 : 1_000_000);
  return new Intl.NumberFormat(locale.value, { style: 'unit', unit, maximumFractionDigits: 1 }).format(number);
}

/** Looks at those that are not done until they are. */
function useFollowed(bundles: readonly Bundle[], take: (some: readonly Bundle[]) => void): void {
  const open = bundles.filter(({ state }) => GOES_ON.includes(state)).map(({ id }) => id);
  useEffect(() => {
    if (open.length === 0) return;
    return every(LOOK_EVERY_MS, () => {
      for (const id of open) {
        get<Bundle>(`/recording-exports/${encodeURIComponent(id)}`).then((one) => take([one]), noticeEnd);
      }
    });
  }, [open.join(' ')]);
}

/** The newest first, as they are now. */
function merged(known: readonly Bundle[], some: readonly Bundle[]): Bundle[] {
  const fresh = some.filter(({ id }) => !known.some((one) => one.id === id));
  return [...fresh, ...known.map((one) => some.find(({ id }) => id === one.id) ?? one)];
}
