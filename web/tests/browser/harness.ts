// A browser with a camera that shows a photograph, and a stack with a page.
//
// `cargo xtask test web` starts the stacks, makes the cameras and names both here.

import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterEach, expect } from 'vitest';

import { LANGUAGES } from '../../src/text';
import { SAME } from '../sameWords';
import { newestCode } from './operator';

/** What stands before the camera; or two cameras, before which nobody stands. */
export type Camera =
  | 'live'
  | 'live-again'
  | 'impostor'
  | 'two-people'
  | 'nobody'
  | 'dark'
  | 'denied'
  | 'two-cameras';

/** A stack with a page. */
export type Stack = '' | 'password' | 'data' | 'mesh' | 'mailed';

/** What `cargo xtask test web` says in a variable of the environment. */
export function named(variable: string): string {
  const value = process.env[variable];
  if (!value) {
    throw new Error(`${variable} is not set; run: cargo xtask test web`);
  }
  return value;
}

/** The outputs of a stack. */
export function outputs(stack: Stack): Record<string, string> {
  const file = stack === '' ? 'outputs.json' : `outputs-${stack}.json`;
  return JSON.parse(readFileSync(join(named('FACE_SIGNIN_OUTPUTS'), file), 'utf8'));
}

/** A file that somebody chooses. */
export const file = (name: 'document.jpg' | 'large.jpg' | 'sideways.jpg'): string =>
  join(named('FACE_SIGNIN_CAMERAS'), name);

/** Runs in the page: no camera takes the same picture twice, and one that plays a file does. A picture
 * that passed never passes again, so every frame that is drawn gets some grains of its own. */
function grain(): void {
  const drawn = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (
    this: CanvasRenderingContext2D,
    ...what: unknown[]
  ) {
    Reflect.apply(drawn, this, what);
    if (what[0] instanceof HTMLVideoElement) {
      for (let count = 0; count < 60; count += 1) {
        const [x, y] = [Math.random() * this.canvas.width, Math.random() * this.canvas.height];
        this.fillStyle = `rgb(128 128 128 / ${Math.random() / 4})`;
        this.fillRect(x, y, 3, 3);
      }
    }
  } as typeof drawn;
}

/** Where screenshots are left. */
export const SCREENSHOTS =
  process.env['FACE_SIGNIN_SCREENSHOTS'] ?? resolve(import.meta.dirname, '../../screenshots');

/** How a window looks. */
interface Options {
  /** What the browser asks for; the tests read English. */
  readonly language?: string;
  readonly dark?: boolean;
  readonly width?: number;
  readonly height?: number;
  /** The name by which the page is opened, instead of `localhost`. */
  readonly host?: string;
  /** What else the browser is told when it starts. */
  readonly flags?: readonly string[];
  /** Runs in each page before anything of it does: what is different about this device. */
  readonly device?: Device;
}

/** A function for a page, and its argument. */
export interface Device {
  readonly script: (argument: never) => void;
  readonly argument: unknown;
}

/** The width of a window unless another one is asked for, and the most that counts as narrow. */
const [WIDE, NARROW] = [1100, 400];

/** Runs in the page: what a person reads or hears there, and what has no room for its words. What comes from
 * the person, their browser or a command line is no language's. */
function read(): { language: string; words: string[]; wide: string[] } {
  const words = [document.title];
  const wide: string[] = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) {
    wide.push('the page');
  }
  for (const element of document.body.querySelectorAll<HTMLElement>('*:not(script, noscript, code, option:not([value=""]))')) {
    const texts = [...element.childNodes].filter((node) => node instanceof Text && node.data.trim() !== '');
    words.push(...texts.map((node) => node.textContent ?? ''));
    words.push(...['aria-label', 'alt', 'title', 'placeholder'].map((name) => element.getAttribute(name) ?? ''));
    if (element instanceof HTMLInputElement) {
      words.push(element.validationMessage);
    }
    const { left, right } = element.getBoundingClientRect();
    const sticksOut = element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1;
    if (texts.length > 0 && (sticksOut || left < 0 || right > clientWidth + 1)) {
      wide.push(element.textContent ?? '');
    }
  }
  const spoken = words.map((said) => said.trim()).filter((said) => /\p{L}{2}/u.test(said) && !/^\S+@\S+$/.test(said));
  return { language: document.documentElement.lang, words: spoken, wide };
}

/** What a person has open. */
export class Visit {
  /** Where requests went, and what they carried. */
  readonly requests: { readonly url: string; readonly body: string; readonly target: string }[] = [];
  private readonly wrong: string[] = [];
  /** The last code that was entered: the next one is another. */
  private entered: string | undefined;

  private constructor(
    private readonly browser: Browser,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly stack: Stack,
    private readonly options: Options,
  ) {
    page.on('request', (request) => {
      this.requests.push({
        url: request.url(),
        body: request.postData() ?? '',
        target: request.headers()['x-amz-target'] ?? '',
      });
    });
    page.on('pageerror', (error) => this.wrong.push(String(error)));
    page.on('console', (message) => {
      // A policy that refuses something says so here.
      if (message.type() === 'error' && /Content Security Policy/.test(message.text())) {
        this.wrong.push(message.text());
      }
    });
  }

  /** Opens a stack's page in a browser of its own. */
  static async to(
    stack: Stack,
    camera: Camera,
    options: Options = {},
  ): Promise<Visit> {
    const fake =
      camera === 'denied'
        ? ['--deny-permission-prompts']
        : [
            '--use-fake-ui-for-media-stream',
            ...(camera === 'two-cameras'
              ? []
              : [`--use-file-for-fake-video-capture=${join(named('FACE_SIGNIN_CAMERAS'), `${camera}.mjpeg`)}`]),
          ];
    const browser = await chromium.launch({
      executablePath: named('FACE_SIGNIN_BROWSER'),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        `--use-fake-device-for-media-stream${camera === 'two-cameras' ? '=device-count=2' : ''}`,
        ...fake,
        ...(options.flags ?? []),
      ],
    });
    return Visit.in(browser, stack, options);
  }

  /** Opens the page in a window of its own, which shares nothing with others but the camera. */
  private static async in(browser: Browser, stack: Stack, options: Options): Promise<Visit> {
    const context = await browser.newContext({
      locale: options.language ?? 'en-US',
      viewport: { width: options.width ?? WIDE, height: options.height ?? 900 },
      colorScheme: options.dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    await context.addInitScript(grain);
    if (options.device) {
      await context.addInitScript(options.device.script as (argument: unknown) => void, options.device.argument);
    }
    const visit = new Visit(browser, context, await context.newPage(), stack, options);
    const url = new URL(outputs(stack)['WebUrl'] ?? '');
    url.hostname = options.host ?? url.hostname;
    await visit.page.goto(url.href);
    return visit;
  }

  /** Opens another window, as on another machine: nothing is kept there. It ends with this one. */
  async another(options: Options = {}): Promise<Visit> {
    return Visit.in(this.browser, this.stack, { ...this.options, ...options });
  }

  /** Opens this tab once more, as a browser's "Duplicate" does: with the same session storage. */
  async duplicate(): Promise<Visit> {
    const kept = await this.page.evaluate(() => JSON.stringify(sessionStorage));
    const other = await this.another();
    await other.page.evaluate((entries) => {
      for (const [name, value] of Object.entries(JSON.parse(entries))) {
        sessionStorage.setItem(name, String(value));
      }
    }, kept);
    await other.page.reload();
    return other;
  }

  /** Ends the visit; nothing may have gone wrong unseen, and nothing have left this machine. */
  async end(): Promise<void> {
    await this.browser.close();
    expect(this.wrong).toEqual([]);
    const hosts = new Set(this.requests.map(({ url }) => new URL(url)).filter(leaves).map(String));
    expect([...hosts]).toEqual([]);
  }

  /** What a policy has refused until now was meant to be refused. */
  forgiven(): void {
    this.wrong.length = 0;
  }

  /** Leaves a picture of the page. */
  async shot(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }

  /** Nothing on this screen that somebody cannot read, reach or hear; in a narrow window, where words have
   * the least room, in every language. */
  async accessible(): Promise<void> {
    await this.page.evaluate(axe.source);
    const first = await this.looked();
    if ((this.options.width ?? WIDE) > NARROW) {
      return;
    }
    const others = LANGUAGES.filter((language) => language !== first.language);
    const seen: string[] = [];
    for (const _ of others) {
      await this.switchLanguage();
      const { language, words } = await this.looked();
      seen.push(language);
      // What two languages say in the same words was forgotten in one of them.
      const same = words.filter((said) => first.words.includes(said) && SAME[said] === undefined);
      expect(same, `in ${first.language} and ${language}`).toEqual([]);
    }
    expect(seen.sort()).toEqual([...others].sort());
    await this.switchLanguage();
    expect(await this.language()).toBe(first.language);
  }

  /** Switches to the next language as a script does: nothing else changes, not even the focus. */
  private async switchLanguage(): Promise<void> {
    await this.page.locator('.language').evaluate((button: HTMLButtonElement) => button.click());
  }

  /** Looks at the screen, and says what it says. */
  private async looked(): Promise<{ language: string; words: string[] }> {
    const found = await this.page.evaluate(async () => {
      const { violations } = await (
        globalThis as unknown as { axe: typeof axe }
      ).axe.run(document, { resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
    });
    expect(found).toEqual([]);
    const { wide, ...said } = await this.page.evaluate(read);
    expect(wide, `too wide in ${said.language}`).toEqual([]);
    return said;
  }

  /** The language that the page says it is in. */
  language(): Promise<string> {
    return this.page.evaluate(() => document.documentElement.lang);
  }

  button(name: string) {
    return this.page.getByRole('button', { name });
  }

  heading(name: string | RegExp) {
    return this.page.getByRole('heading', { name });
  }

  /** Fills the form that opens an account; without a face only where the stack has a way for that. */
  async fillSignUp(person: Person, withoutFace = false): Promise<void> {
    await this.button('Create an account').click();
    await this.page.getByLabel('Name').fill(person.name);
    await this.page.getByLabel('E-mail').fill(person.email);
    if (person.password) {
      await this.page.getByLabel('Password', { exact: true }).fill(person.password);
    }
    if (this.stack === 'mailed') {
      await this.page.getByRole('radio', { name: withoutFace ? 'Without my face' : 'With my face' }).check();
    }
    if (!withoutFace) {
      await this.page.getByRole('checkbox').check();
    }
    await this.button('Continue').click();
  }

  /** Takes the code out of the mailbox, and agrees where that is asked for. */
  async enterCode(button = 'Confirm'): Promise<void> {
    const field = this.page.getByLabel('Code', { exact: true });
    await field.waitFor();
    const [email = ''] = (await this.page.locator('.lead').textContent())?.match(/\S+@[\w.-]*\w/) ?? [];
    this.entered = await newestCode(this.stack, email, this.entered);
    await field.fill(this.entered);
    const consent = this.page.getByRole('checkbox');
    if ((await consent.count()) > 0) {
      // Nobody agrees by doing nothing.
      expect(await consent.isChecked()).toBe(false);
      await consent.check();
    }
    await this.button(button).click();
  }

  /** What calls of an operation of Cognito's have carried so far. */
  calls(operation: string): Record<string, unknown>[] {
    return this.requests
      .filter(({ target }) => target.endsWith(`.${operation}`))
      .map(({ body }) => JSON.parse(body));
  }

  /** Chooses a document and sends it. */
  async sendDocument(name: 'document.jpg' | 'large.jpg' = 'document.jpg'): Promise<void> {
    await this.heading('Your ID photo').waitFor();
    await this.page.locator('input[type=file]').setInputFiles(file(name));
    await this.button('Use this picture').click();
  }

  /** Waits until the mesh is drawn, and says what is advised. */
  async mesh(): Promise<void> {
    await this.page.locator('canvas[data-points="468"]').waitFor();
  }

  /** Waits until all is well, and presses the button. */
  async take(): Promise<void> {
    await this.page.locator('.camera[data-advice="ready"]').waitFor();
    await this.page.getByTestId('take').click();
  }

  async signedIn(person: Person): Promise<void> {
    await this.heading(`Hello, ${person.name}`).waitFor();
    expect(await this.page.getByText(person.email).isVisible()).toBe(true);
  }

  /** From the first screen to the last, and out again. */
  async signUp(person: Person): Promise<void> {
    await this.fillSignUp(person);
    await this.enterCode();
    await this.sendDocument();
    await this.take();
    await this.signedIn(person);
  }

  /** What is said in the way of a problem. */
  problem() {
    return this.page.getByRole('alert');
  }

  /** Begins to sign in. */
  async begin(person: Person): Promise<void> {
    await this.page.getByLabel('E-mail', { exact: true }).fill(person.email);
    if (person.password) {
      await this.page.getByLabel('Password', { exact: true }).fill(person.password);
    }
    await this.button('Continue').click();
    await this.heading('Look into the camera').waitFor();
  }
}

/** The pages that the test which runs has open. */
let visits: Visit[] = [];

/** Opens a stack's page for the test that runs; it ends with the test. */
export async function open(...to: Parameters<typeof Visit.to>): Promise<Visit> {
  const visit = await Visit.to(...to);
  visits.push(visit);
  return visit;
}

afterEach(async ({ task }) => {
  const opened = visits;
  visits = [];
  if (task.result?.state === 'fail') {
    await opened.at(-1)?.shot(`failed-${task.name.replace(/\W+/g, '-')}`);
  }
  await Promise.all(opened.map((visit) => visit.end()));
});

/** Somebody with an address of their own. */
export interface Person {
  readonly name: string;
  readonly email: string;
  readonly password?: string;
}

export function person(password?: string): Person {
  const email = `ada-${crypto.randomUUID()}@example.com`;
  return { name: 'Ada Example', email, ...(password ? { password } : {}) };
}

const leaves = (url: URL): boolean =>
  /^(http|ws)s?:$/.test(url.protocol) && !['localhost', '127.0.0.1'].includes(url.hostname);

/** Somebody who signed up in an earlier browser. */
export async function enrolled(stack: Stack = '', password?: string): Promise<Person> {
  const somebody = person(password);
  const earlier = await Visit.to(stack, 'live');
  await earlier.signUp(somebody);
  await earlier.end();
  return somebody;
}
