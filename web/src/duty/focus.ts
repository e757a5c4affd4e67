import { effect, signal } from '@preact/signals';
import { whoIs } from '../session.ts';

/** The device that somebody looks at on the duty page, and in which of its panes they chose it. */
export interface DutyFocus {
  device: string;
  by: 'list' | 'map' | 'wall';
}

export const dutyFocus = signal<DutyFocus | null>(null);

// What one person looked at is nothing for the next one at this desk.
effect(() => {
  void whoIs.value;
  dutyFocus.value = null;
});

/** Moves the other panes there. */
export function lookAt(device: string, by: DutyFocus['by']): void {
  const { device: before } = dutyFocus.peek() ?? {};
  if (before !== device) dutyFocus.value = { device, by };
}
