import { signal } from '@preact/signals';

export type MenuName = 'close' | 'assign';

/** The one menu of a row, or of what is chosen, that is open. */
export const openMenu = signal<{ of: string; menu: MenuName } | null>(null);

/** What the menus of chosen alerts go by. */
export const CHOSEN = 'chosen';

export function toggleMenu(of: string, menu: MenuName): void {
  openMenu.value = isMenuOpen(of, menu) ? null : { of, menu };
}

export function isMenuOpen(of: string, menu: MenuName): boolean {
  return openMenu.value?.of === of && openMenu.value.menu === menu;
}

/** Closes the menu that `inside` stands in; whoever works by keyboard stays on the row. */
export function leaveMenu(inside: Element): void {
  inside.closest<HTMLElement>('.alert-list > li')?.focus();
  openMenu.value = null;
}
