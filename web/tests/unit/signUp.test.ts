// What the form that opens an account asks for: consent only of somebody who has chosen a face.

import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';

import { FaceSignIn, type Outputs, readPolicy } from '../../src/client';
import { SignUpForm } from '../../src/page/forms';
import { CONSENT_VERSION, TEXTS } from '../../src/text';

const text = TEXTS.en;

function form(policy: string, changed: Partial<Outputs> = {}): string {
  const client = new FaceSignIn({
    userPoolId: 'us-east-1_EXAMPLE',
    userPoolClientId: 'example',
    policy: readPolicy(policy),
    consentVersion: CONSENT_VERSION,
    keepsDocuments: false,
    faceDataModel: 'descriptor-128',
    ...changed,
  });
  const nothing = () => undefined;
  return renderToStaticMarkup(
    createElement(SignUpForm, {
      client,
      known: { name: '', email: '' },
      onSend: async () => undefined,
      onSignIn: nothing,
      onRecover: nothing,
    }),
  );
}

const count = (html: string, part: string): number => html.split(part).length - 1;
const [RADIO, BOX, CHECKED] = ['type="radio"', 'type="checkbox"', 'checked=""'];

describe('the form of a sign-up', () => {
  it.each(['FACE', 'PASSWORD+FACE_DATA', 'FACE,PASSWORD+FACE_DATA', 'EMAIL_CODE+FACE'])(
    'asks for consent under %s, where every way needs a face',
    (policy) => {
      const html = form(policy);
      expect([count(html, RADIO), count(html, BOX), count(html, CHECKED)]).toEqual([0, 1, 0]);
      expect(html).toContain(text.consent.versionIs(CONSENT_VERSION));
    },
  );

  it('asks first whether it is to be a face where there is a way without, and has chosen nothing', () => {
    const html = form('FACE,PASSWORD+EMAIL_CODE');
    expect([count(html, RADIO), count(html, BOX), count(html, CHECKED)]).toEqual([2, 0, 0]);
    for (const words of [
      text.signUp.leadChoice,
      text.signUp.withFace,
      text.signUp.lead,
      text.signUp.withoutFace,
      'With your password and a code by mail',
    ]) {
      expect(html).toContain(words);
    }
    expect(html).not.toContain(text.signUp.consentTitle);
  });

  it('asks neither where no way needs a face', () => {
    const html = form('PASSWORD+EMAIL_CODE');
    expect([count(html, RADIO), count(html, BOX)]).toEqual([0, 0]);
    expect(html).toContain(text.signUp.leadWithoutFace);
  });

  it('opens no account with a consent to another version, and others all the same', () => {
    const consentVersion = `${CONSENT_VERSION}0`;
    const refused = form('FACE', { consentVersion });
    expect(refused).toContain(text.consent.other(consentVersion, CONSENT_VERSION));
    expect(refused).not.toContain('<form');
    for (const policy of ['FACE,PASSWORD+EMAIL_CODE', 'PASSWORD+EMAIL_CODE']) {
      expect(form(policy, { consentVersion })).toContain('<form');
    }
  });
});
