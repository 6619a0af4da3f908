import type { Browser, Dialog, Page } from 'playwright-core';
import { findChromium, startBrowser } from '../util/browser';
import type { TestServer } from '../util/server';
import { startServer } from '../util/server';

const NAME = '<img src=x onerror="document.title=\'owned\'">';
const path = findChromium();

if (!path && process.env.CI) {
  it('A browser is there.', (): void => {
    throw new Error('No Chromium was found: install it, or name it in CHROMIUM_PATH');
  });
}

(path ? describe : describe.skip)(`The page of API keys${path ? '' : ' (skipped: no Chromium on the PATH or in CHROMIUM_PATH)'}`, (): void => {
  let server: TestServer;
  let browser: Browser;
  let page: Page;
  let pod: string;
  /** What the browser has complained of. */
  let complaints: string[];

  const publish = async(key: string, topic = 'realestate/contact#add'): Promise<number> => {
    const response = await fetch(`${pod}publish/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify({ recipient: `${pod}profile/card#me`, topic, data: { type: 'Contact', name: 'Bruce Wayne' }}),
    });
    return response.status;
  };

  beforeAll(async(): Promise<void> => {
    server = await startServer('test/config/file.json', []);
    pod = `${server.baseUrl}alice/`;
    browser = await startBrowser(path!);
    const context = await browser.newContext({ permissions: [ 'clipboard-read', 'clipboard-write' ]});
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    complaints = [];
    page.on('console', (message): unknown => [ 'error', 'warning' ].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error): unknown => complaints.push(String(error)));
  });

  afterEach((): void => expect(complaints).toEqual([]));

  afterAll(async(): Promise<void> => {
    await browser.close();
    await server.stop();
  });

  it('is reached from the account page of somebody who signs up.', async(): Promise<void> => {
    await page.goto(`${server.baseUrl}.account/login/password/register/`);
    await page.getByLabel('Email:').fill('alice@example.com');
    await page.getByLabel('Password:', { exact: true }).fill('correct horse battery staple');
    await page.getByLabel('Confirm password:').fill('correct horse battery staple');
    await page.getByRole('button', { name: 'Register' }).click();

    await page.getByRole('link', { name: 'Manage API keys' }).click();
    await page.getByText('There are no WebIDs linked to this account').waitFor();
    expect(await page.getByRole('button', { name: 'Make key' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Back' }).click();

    // The server's page fills in its links when it is there already.
    await page.locator('#createPod[href^="http"]').click();
    await page.getByLabel('Name').fill('alice');
    await page.getByRole('button', { name: 'Create pod' }).click();
    await page.getByRole('heading', { name: 'Your new Pod' }).waitFor();
    await page.getByRole('button', { name: 'Back' }).click();

    await page.getByRole('heading', { name: 'API keys' }).waitFor();
    const sections = await page.locator('main h2').allTextContents();
    expect(sections.at(-1)).toBe('API keys');
    expect(await page.locator('#apiKeys ~ .actions #logout').count()).toBe(1);
    await page.getByRole('link', { name: 'Manage API keys' }).click();
    await page.getByText('You have no API keys.').waitFor();
    expect(await page.title()).toBe('API keys');
  });

  it('makes a key, shows it once, and copies it.', async(): Promise<void> => {
    await page.getByLabel('Name').fill(NAME);
    await page.getByLabel('WebID that it acts for').selectOption(`${pod}profile/card#me`);
    await page.getByLabel('Only these topics').fill('realestate/*\nweather#today');
    await page.getByRole('button', { name: 'Make key' }).click();

    const shown = page.getByRole('group', { name: 'Your new key' });
    await shown.waitFor();
    expect(await shown.evaluate((element): boolean => element.ownerDocument.activeElement === element)).toBe(true);
    const key = await page.getByLabel('Key', { exact: true }).inputValue();
    expect(key).toMatch(/^spe_[\w-]{43}$/u);
    expect(await publish(key)).toBe(201);
    expect(await publish(key, 'weather#tomorrow')).toBe(403);

    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('The key is copied.').waitFor();
    // As text: the test has no types of what is in a page.
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key);
    expect(await page.locator('#example').textContent()).toBe([
      `curl '${pod}publish/'`,
      `-H 'x-api-key: ${key}'`,
      '-H \'Content-Type: application/json\'',
      `-d '{"recipient":"${pod}profile/card#me","topic":"realestate/example","data":{"text":"Hello"}}'`,
    ].join(' \\\n  '));

    await page.getByRole('button', { name: 'I have copied it' }).click();
    expect(await page.content()).not.toContain('spe_');
    expect(await shown.count()).toBe(0);
    expect(await page.locator('#key').inputValue()).toBe('');
    await page.reload();
    await page.getByRole('button', { name: 'Revoke' }).waitFor();
    expect(await page.content()).not.toContain('spe_');
  });

  it('shows names as they were typed, and the limits.', async(): Promise<void> => {
    const entry = page.getByRole('list', { name: 'Your keys' }).getByRole('listitem');
    expect(await entry.count()).toBe(1);
    expect(await entry.locator('strong').textContent()).toBe(NAME);
    expect(await entry.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('API keys');
    expect(await entry.locator('dd').allTextContents()).toEqual([
      `${pod}profile/card#me`, 'publish, subscribe', 'all', 'realestate/*', 'weather#today', expect.stringMatching(/\d/u), 'never',
      expect.stringMatching(/^\d{4}-\d\d-\d\d$/u),
    ]);
  });

  it('revokes a key when that is confirmed.', async(): Promise<void> => {
    // With the keyboard alone.
    await page.getByLabel('Name').fill('second');
    await page.getByLabel('Ends').fill('2999-01-01T12:00');
    await page.getByLabel('Only these pods').fill(pod);
    const make = page.getByRole('button', { name: 'Make key' });
    // It takes the focus once it is enabled again.
    await make.click({ trial: true });
    await make.press('Enter');
    const input = page.getByLabel('Key', { exact: true });
    await input.waitFor();
    const key = await input.inputValue();
    expect(await publish(key)).toBe(201);

    const revoke = page.getByRole('button', { name: 'Revoke second' });
    const dialogs: string[] = [];
    const answer = (accept: boolean): void => {
      page.once('dialog', (dialog: Dialog): void => {
        dialogs.push(dialog.message());
        void (accept ? dialog.accept() : dialog.dismiss());
      });
    };
    answer(false);
    await revoke.press('Enter');
    expect(await publish(key)).toBe(201);
    answer(true);
    await revoke.press('Enter');
    await page.getByText('The key “second” is revoked.').waitFor();
    expect(dialogs).toEqual(Array.from({ length: 2 }, (): unknown => expect.stringContaining('Revoke the key “second”?')));
    expect(await publish(key)).toBe(401);
    expect(await revoke.count()).toBe(0);
    expect(await input.inputValue()).toBe('');
  });

  it('says what is wrong with what was typed.', async(): Promise<void> => {
    await page.getByLabel('Name').fill('third');
    await page.getByLabel('Only these pods').fill('alice');
    await page.getByRole('button', { name: 'Make key' }).click();
    await page.getByRole('alert').getByText('each of pods must be an absolute http(s) URL').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('third');
    // The browser tells of each answer that is an error.
    expect(complaints.splice(0)).toEqual([ expect.stringContaining('400') ]);
  });

  it('is not for who is logged out.', async(): Promise<void> => {
    const url = page.url();
    await page.getByRole('button', { name: 'Back' }).click();
    // The page has read what it needs, and so reacts to its buttons, when it shows the pods.
    await page.locator('#podEntries li').first().waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await page.goto(url);
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
  });
});
