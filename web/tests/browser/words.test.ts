// The language of the page: the browser's, until somebody switches.

import { describe, expect, it } from 'vitest';

import { open, person } from './harness';

const narrow = { width: 360, height: 740 };

describe('the words', () => {
  it('are in the language that the browser asks for, and in English where it asks for another', async () => {
    const page = await open('', 'nobody', { ...narrow, language: 'de-AT' });
    await page.heading('Anmelden').waitFor();
    expect(await page.language()).toBe('de');
    expect(await page.page.title()).toBe('Anmelden');
    expect(await page.page.locator('meta[name=description]').getAttribute('content')).toMatch(/^Mit dem Gesicht/);
    await page.accessible();
    await page.shot('narrow-german-sign-in');
    await page.button('Konto erstellen').click();
    await page.page.getByText('Ich willige ein').waitFor();
    await page.page.getByText('Version 1 dieses Texts.').waitFor();
    await page.shot('narrow-german-sign-up');

    const other = await page.another({ language: 'fr-FR', dark: true });
    await other.heading('Sign in').waitFor();
    expect(await other.language()).toBe('en');
    expect(await other.page.title()).toBe('Sign in');
  });

  it('are switched by the keyboard, on the screen that is there, and stay so', async () => {
    const page = await open('', 'nobody', narrow);
    await page.heading('Sign in').waitFor();
    const { email } = person();
    await page.page.getByLabel('E-mail').fill(email);
    await page.page.keyboard.press('Shift+Tab');
    const focused = () => page.page.evaluate(() => document.activeElement?.textContent);
    expect(await focused()).toBe('Deutsch');
    await page.page.keyboard.press('Enter');
    await page.heading('Anmelden').waitFor();
    // The switch keeps the focus, and leads back.
    expect(await focused()).toBe('English');
    expect(await page.language()).toBe('de');
    expect(await page.page.title()).toBe('Anmelden');
    const field = page.page.getByLabel('E-Mail-Adresse');
    expect(await field.inputValue()).toBe(email);
    await page.shot('narrow-german-switched');

    // What a browser says of a field that is not filled in is said in the page's language.
    const complaint = () => field.evaluate((input: HTMLInputElement) => input.validationMessage);
    expect(await complaint()).toBe('');
    await field.fill('ada');
    expect(await complaint()).toBe('Geben Sie eine E-Mail-Adresse ein, zum Beispiel ada@example.com.');
    await field.fill('');
    expect(await complaint()).toBe('Füllen Sie dieses Feld aus.');

    await page.page.reload();
    await page.heading('Anmelden').waitFor();
    expect(await page.language()).toBe('de');
    await page.button('English').click();
    await page.heading('Sign in').waitFor();
    await page.page.reload();
    await page.heading('Sign in').waitFor();
  });

  it('that need no script are there in every language', async () => {
    const page = await open('', 'nobody');
    const html = await (await page.context.request.get(page.page.url())).text();
    expect(html).toContain('<title>Face sign-in</title>');
    expect(html).toContain('<p lang="en">This page needs JavaScript');
    expect(html).toContain('<p lang="de">Diese Seite braucht JavaScript');
    expect(html).not.toContain('{{');
  });
});
