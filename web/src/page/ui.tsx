// The pieces that every screen is made of.

import { type ComponentProps, type ReactNode, useEffect, useId, useRef } from 'react';

/** A screen with its heading, which takes the focus so that a screen reader begins there. */
export function Screen({
  title,
  lead,
  children,
  wide = false,
}: {
  title: string;
  lead?: string;
  children: ReactNode;
  wide?: boolean;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title;
    heading.current?.focus();
    window.scrollTo(0, 0);
  }, [title]);
  return (
    <section className={wide ? 'screen wide' : 'screen'} aria-labelledby="title">
      <h1 id="title" ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {lead && <p className="lead">{lead}</p>}
      {children}
    </section>
  );
}

/** A labelled field. */
export function Field({
  label,
  hint,
  ...input
}: { label: string; hint?: string } & Omit<ComponentProps<'input'>, 'id'>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...input} {...(hint ? { 'aria-describedby': `${id}-hint` } : {})} />
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** A button that says what it is doing while it does it. It stays focusable, so that a keyboard
 * does not lose its place. */
export function Action({
  busy,
  kind = 'primary',
  children,
  disabled = false,
  onClick,
  ...button
}: {
  busy?: string | undefined;
  kind?: 'primary' | 'secondary' | 'link';
} & ComponentProps<'button'>) {
  const off = busy !== undefined || disabled;
  return (
    <button
      type="button"
      {...button}
      className={kind}
      aria-disabled={off}
      aria-busy={busy !== undefined}
      onClick={(event) => {
        if (off) {
          event.preventDefault();
        } else {
          onClick?.(event);
        }
      }}
    >
      {busy ?? children}
    </button>
  );
}

/** What went wrong. */
export function Problem({ children }: { children: ReactNode }) {
  // The region is there before its words, or it would not be read.
  return (
    <div role="alert" className={children ? 'problem' : 'problem empty'}>
      {children}
    </div>
  );
}

/** What happens, without interrupting. */
export function Status({ children, className = '' }: { children: ReactNode; className?: string }) {
  return (
    <div role="status" className={`status ${className}`}>
      {children}
    </div>
  );
}
