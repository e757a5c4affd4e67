import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { isMenuOpen, type MenuName, openMenu, toggleMenu } from './open-menu.ts';

interface MenuProps {
  /** An alert, or what is chosen. */
  of: string;
  menu: MenuName;
  /** On the button, and as the name of what opens. */
  label: string;
  title: string;
  children: ComponentChildren;
}

/** A button that opens a small menu or form. Arrow keys move in it, Escape leaves it and gives the focus back. */
export function Menu({ of, menu, label, title, children }: MenuProps) {
  const open = isMenuOpen(of, menu);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const isForm = menu === 'assign';
  // Before it is seen: whoever types at once types into it.
  useLayoutEffect(() => {
    if (open) root.current?.querySelector<HTMLElement>('[role=menuitem], input')?.focus();
  }, [open]);
  useEffect(() => {
    if (!open) return;
    const onPress = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) openMenu.value = null;
    };
    document.addEventListener('pointerdown', onPress);
    return () => document.removeEventListener('pointerdown', onPress);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    const items = [...(root.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') {
      openMenu.value = null;
      (root.current?.closest<HTMLElement>('li') ?? button.current)?.focus();
    } else if (event.key === 'Tab' && !isForm) openMenu.value = null;
    else if (step && items.length > 0) items[(at + step + items.length) % items.length]?.focus();
    else return;
    if (event.key !== 'Tab') event.preventDefault();
  };
  return (
    <div class="menu-root" ref={root}>
      <button
        type="button"
        ref={button}
        aria-haspopup={isForm ? 'dialog' : 'menu'}
        aria-expanded={open}
        onClick={() => toggleMenu(of, menu)}
      >
        {label}
      </button>
      {open && isForm && (
        <div class="menu" role="dialog" tabIndex={-1} aria-label={title} onKeyDown={onKeyDown}>
          {children}
        </div>
      )}
      {open && !isForm && (
        <div class="menu" role="menu" tabIndex={-1} aria-label={title} onKeyDown={onKeyDown}>
          {children}
        </div>
      )}
    </div>
  );
}
