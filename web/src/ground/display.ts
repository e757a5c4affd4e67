import { computed, effect, signal } from '@preact/signals';
import { keep, kept } from './kept.ts';

export const THEMES = ['dark', 'light', 'system'] as const;
export type Theme = (typeof THEMES)[number];
/** Of the browser's own text size. */
export const TEXT_SIZES_PERCENT = [100, 115, 130, 150] as const;
export type TextSize = (typeof TEXT_SIZES_PERCENT)[number];

/** Dark unless somebody says otherwise: control rooms are. */
export const theme = signal<Theme>(THEMES.find((one) => one === kept('theme')) ?? 'dark');
export const textSize = signal<TextSize>(TEXT_SIZES_PERCENT.find((one) => String(one) === kept('text-size')) ?? 100);

const prefersLight = matchMedia('(prefers-color-scheme: light)');
const systemIsLight = signal(prefersLight.matches);
prefersLight.addEventListener('change', ({ matches }) => {
  systemIsLight.value = matches;
});

const shown = computed(() => (theme.value === 'system' ? (systemIsLight.value ? 'light' : 'dark') : theme.value));

effect(() => {
  document.documentElement.dataset.theme = shown.value;
});

effect(() => {
  document.documentElement.style.fontSize = textSize.value === 100 ? '' : `${textSize.value}%`;
});

export function setTheme(value: Theme): void {
  theme.value = value;
  keep('theme', value);
}

export function setTextSize(value: TextSize): void {
  textSize.value = value;
  keep('text-size', String(value));
}
