import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

const NAMES = [ 'chromium', 'chromium-browser', 'google-chrome' ];

/** The Chromium of this machine: the one that `CHROMIUM_PATH` names, or else one on the `PATH`. */
export function findChromium({ CHROMIUM_PATH, PATH = '' } = process.env): string | undefined {
  const candidates = CHROMIUM_PATH ?
    [ CHROMIUM_PATH ] :
    NAMES.flatMap((name): string[] => PATH.split(delimiter).map((folder): string => join(folder, name)));
  return candidates.find((path): boolean => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Starts a Chromium without a window. */
export async function startBrowser(executablePath: string): Promise<Browser> {
  // Chromium has no sandbox for root.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
}
