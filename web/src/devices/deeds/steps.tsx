import { language } from '../../texts.ts';
import type { CheckStep } from '../../types.ts';
import { t, tOf } from '../say.ts';

/** Of the check of a camera, in their order. */
export const CAMERA_STEPS = ['reach', 'port', 'clock', 'login', 'identity', 'profiles', 'rtsp', 'snapshot'] as const;

interface StepsProps {
  steps: readonly CheckStep[];
  /** Names of the steps that will be, where that is known. */
  expected: readonly string[];
  running: boolean;
}

/** The steps of a check: those that are over with what was found, the one that is under way, those to come. */
export function Steps({ steps, expected, running }: StepsProps) {
  const over = new Map(steps.map((step) => [step.name, step]));
  const names = [...new Set([...expected, ...over.keys()])];
  const next = running ? names.find((name) => !over.has(name)) : undefined;
  return (
    <ol class="check-steps">
      {names.map((name) => {
        const step = over.get(name);
        const is = step ? step.grade : name === next ? 'running' : 'waiting';
        return (
          <li key={name} class={`check-step step-${is}`}>
            <span class="step-mark" aria-hidden="true">
              {MARKS[is]}
            </span>
            <span>
              <b>{tOf('step', name)}</b> <span class="step-grade">{t(`grade.${is}`)}</span>
              {step && <Found step={step} />}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

const MARKS = { ok: '✓', warning: '!', failed: '✕', 'not-tried': '–', running: '…', waiting: '·' } as const;

/** What was seen and what is to be done. The gateway says it in English; in Chinese, the page knows common causes. */
function Found({ step: { seen, hint, problem } }: { step: CheckStep }) {
  const own = problem === null ? '' : tOf('problem', problem);
  const isKnown = own !== '' && own !== problem;
  return (
    <>
      {seen !== null && (
        <span class="step-says" lang="en">
          <bdi>{seen}</bdi>
        </span>
      )}
      {language.value === 'zh' && isKnown && <span class="step-hint">{own}</span>}
      {hint !== null && (language.value !== 'zh' || !isKnown) && (
        <span class="step-hint" lang="en">
          <bdi>{hint}</bdi>
        </span>
      )}
    </>
  );
}
