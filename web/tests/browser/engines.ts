// The browsers that are not Chromium, as far as the tests need them: Firefox over WebDriver BiDi, and
// WebKitGTK, which has Safari's engine, over WebDriver. Elements are named by XPath, which both know.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import puppeteer from 'puppeteer-core';
import { Builder, By, until } from 'selenium-webdriver';

/** How long something may take to be seen. */
const PATIENCE = 30_000;

/** A window of one browser. */
export interface Engine {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Waits until an element is there. */
  see(xpath: string): Promise<void>;
  /** Types into a field, whatever is in it. */
  type(xpath: string, text: string): Promise<void>;
  click(xpath: string): Promise<void>;
  /** Gives a file to a field that opens one. */
  choose(xpath: string, file: string): Promise<void>;
  /** What an expression is in the page. */
  evaluate<T>(expression: string): Promise<T>;
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

/** Settings of Firefox, by their names in `about:config`. */
export type Preferences = Readonly<Record<string, string | number | boolean>>;

/** Firefox, with a camera of its own that shows changing colours. */
export async function firefox(executablePath: string, preferences: Preferences = {}): Promise<Engine> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'intl.accept_languages': 'en-US, en',
      ...preferences,
    },
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const found = async (xpath: string) => {
    const element = await page.waitForSelector(`::-p-xpath(${xpath})`);
    if (element === null) {
      throw new Error(`expected ${xpath}`);
    }
    return element;
  };
  return {
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    see: async (xpath) => void (await found(xpath)),
    type: async (xpath, text) => {
      const field = await (await found(xpath)).toElement('input');
      await field.evaluate((input) => input.select());
      await field.type(text);
    },
    click: async (xpath) => (await found(xpath)).click(),
    choose: async (xpath, file) => (await (await found(xpath)).toElement('input')).uploadFile(file),
    evaluate: (expression) => page.evaluate(expression) as Promise<never>,
    screenshot: async () => Buffer.from(await page.screenshot()),
    close: () => browser.close(),
  };
}

/** Where WebKit's programs lie. */
export interface WebKit {
  readonly driver: string;
  readonly browser: string;
  readonly xvfb: string;
}

/** WebKitGTK's own small browser, on a screen that nobody sees, with WebKit's mock of two cameras; or
 * without any use of cameras, as most programs have it that show pages by WebKitGTK. */
export async function webkit({ driver, browser, xvfb }: WebKit, camera = true): Promise<Engine> {
  const home = mkdtempSync(join(tmpdir(), 'face-sign-in-webkit-'));
  const screen = await display(xvfb);
  const port = await freePort();
  const server = spawn(driver, [`--port=${port}`, '--host=127.0.0.1'], {
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      XDG_RUNTIME_DIR: home,
      DISPLAY: screen.name,
      LANG: 'C.UTF-8',
      LANGUAGE: 'en_US',
    },
    stdio: 'ignore',
  });
  const end = async () => {
    await Promise.all([stop(server), stop(screen.process)]);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const page = await new Builder()
      .usingServer(`http://127.0.0.1:${port}`)
      .withCapabilities({
        browserName: 'MiniBrowser',
        'webkitgtk:browserOptions': {
          binary: browser,
          args: [
            '--automation',
            `--enable-media-stream=${camera}`,
            `--enable-mock-capture-devices=${camera}`,
            '--autoplay-policy=allow',
          ],
        },
      })
      .build();
    const found = (xpath: string) => page.wait(until.elementLocated(By.xpath(xpath)), PATIENCE, xpath);
    return {
      goto: (url) => page.get(url),
      reload: () => page.navigate().refresh(),
      see: async (xpath) => void (await found(xpath)),
      type: async (xpath, text) => {
        const field = await found(xpath);
        await field.clear();
        await field.sendKeys(text);
      },
      click: async (xpath) => (await found(xpath)).click(),
      choose: async (xpath, file) => (await found(xpath)).sendKeys(file),
      evaluate: (expression) => page.executeScript(`return (${expression})`),
      screenshot: async () => Buffer.from(await page.takeScreenshot(), 'base64'),
      close: async () => {
        await page.quit();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A screen in memory; it says itself which number it has taken. */
async function display(xvfb: string): Promise<{ name: string; process: ChildProcess }> {
  const server = spawn(xvfb, ['-displayfd', '3', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise<string>((done, failed) => {
    (server.stdio[3] as Readable).once('data', (data: Buffer) => done(String(data).trim()));
    server.once('error', failed);
    server.once('exit', (code) => failed(new Error(`Xvfb ended (${code})`)));
  });
  return { name: `:${number}`, process: server };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Ends a program, and waits until it has. */
async function stop(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) {
    return;
  }
  const ended = new Promise((done) => program.once('exit', done));
  program.kill();
  await ended;
}
