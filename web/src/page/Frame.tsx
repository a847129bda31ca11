// What is around every screen.

import type { ReactNode } from 'react';

import { LanguageSwitch, useText } from './language';

/** The product's mark, in the colour of the theme. */
function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" className="mark">
      <path d="M4 10V6a2 2 0 0 1 2-2h4M22 4h4a2 2 0 0 1 2 2v4M28 22v4a2 2 0 0 1-2 2h-4M10 28H6a2 2 0 0 1-2-2v-4" />
      <path d="M11.5 12.5v2M20.5 12.5v2M11 20c3 2.6 7 2.6 10 0" />
    </svg>
  );
}

export function Frame({ children }: { children: ReactNode }) {
  const text = useText();
  return (
    <>
      <header className="bar">
        <span className="brand">
          <Mark />
          {text.product}
        </span>
        <LanguageSwitch />
      </header>
      <main className="frame">{children}</main>
    </>
  );
}
