// The pieces that every screen is made of.

import { type ComponentProps, type ReactNode, type RefObject, useEffect, useId, useLayoutEffect, useRef } from 'react';

import type { Text } from '../text';
import { useLanguage, useText } from './language';

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
  const { language } = useLanguage();
  const heading = useRef<HTMLHeadingElement>(null);
  const shownIn = useRef<string>(undefined);
  useEffect(() => {
    document.title = title;
    // The same screen in another language: whoever switched stays where they are.
    const switched = shownIn.current !== undefined && shownIn.current !== language;
    shownIn.current = language;
    if (!switched) {
      heading.current?.focus();
      window.scrollTo(0, 0);
    }
  }, [title, language]);
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

/** What is wrong with a field, in the page's language: browsers have their own. Where they know of something
 * else, it is left to them. */
function complaint({ validity, type }: HTMLInputElement, words: Text['invalid']): string {
  if (validity.valueMissing) {
    return type === 'checkbox' ? words.consent : type === 'radio' ? words.choice : words.missing;
  }
  return (
    (validity.typeMismatch && words.email) ||
    (validity.patternMismatch && words.code) ||
    (validity.tooShort && words.short) ||
    ''
  );
}

/** Keeps a field's complaint: a form with one is not sent, and the browser shows it. */
export function useComplaint(): RefObject<HTMLInputElement | null> {
  const text = useText();
  const field = useRef<HTMLInputElement>(null);
  // After every rendering, since each change of the value is one.
  useLayoutEffect(() => {
    field.current?.setCustomValidity(complaint(field.current, text.invalid));
  });
  return field;
}

/** A labelled field. */
export function Field({
  label,
  hint,
  ...input
}: { label: string; hint?: string } & Omit<ComponentProps<'input'>, 'id' | 'ref'>) {
  const id = useId();
  const field = useComplaint();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input ref={field} id={id} {...input} {...(hint ? { 'aria-describedby': `${id}-hint` } : {})} />
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** The field for a mailed code, as people type and paste it: digits of either width, with spaces and dashes. */
export function CodeField({ value, onChange }: { value: string; onChange: (typed: string) => void }) {
  const text = useText();
  return (
    <Field
      label={text.code.label}
      name="code"
      autoComplete="one-time-code"
      inputMode="numeric"
      required
      pattern="(?:[\s\-–—]*[0-9０-９]){6}[\s\-–—]*"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

/** The digits of what was typed for a code, of the ordinary width. */
export const digits = (typed: string): string => typed.normalize('NFKC').replace(/[^0-9]/g, '');

/** One of several things to choose from. */
export function Choice({
  label,
  hint,
  ...input
}: { label: string; hint?: string } & Omit<ComponentProps<'input'>, 'id' | 'ref' | 'type'>) {
  const id = useId();
  const field = useComplaint();
  return (
    <div className="choice">
      <label className="check">
        <input ref={field} type="radio" {...input} {...(hint ? { 'aria-describedby': id } : {})} />
        <span>{label}</span>
      </label>
      {hint && (
        <p className="hint" id={id}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** How to read the mail of a stack on this machine, which sends none. */
export function LocalMail({ email }: { email: string }) {
  const text = useText();
  return (
    <p className="local">
      {text.code.local} <code>cargo xtask mail {email}</code>
    </p>
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
