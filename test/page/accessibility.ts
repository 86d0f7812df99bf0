import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

export const WIDE = { width: 1280, height: 800 };
export const NARROW = { width: 360, height: 740 };

const VARIANTS = [
  { name: 'wide, light', viewport: WIDE, media: {} },
  { name: 'wide, dark', viewport: WIDE, media: { colorScheme: 'dark' } },
  { name: 'wide, forced colours', viewport: WIDE, media: { forcedColors: 'active' } },
  { name: 'narrow, light', viewport: NARROW, media: {} },
  { name: 'narrow, dark', viewport: NARROW, media: { colorScheme: 'dark' } },
] as const;

/** Rules whose result depends on the colours. The others need no look at the same page in another colour. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/**
 * Controls that have too little room, or that reach out of what they are in; the page, if it scrolls sideways; and cells
 * of the dialogs' tables whose label or text reaches out of them.
 */
const CUT_OFF = `
  [document.documentElement, ...document.querySelectorAll('button, a, select, input, td')]
    .filter((element) => {
      if (element.localName === 'td')
        return (
          Number.parseFloat(getComputedStyle(element, '::before').height) > element.clientHeight ||
          (element.closest('.plain') && element.scrollWidth > element.clientWidth)
        );
      const box = element.parentElement?.closest('dialog, section, main, header, body');
      if (box && element.getBoundingClientRect().right > box.getBoundingClientRect().right) return true;
      if (element.type !== 'date') return element.localName !== 'input' && element.scrollWidth > element.clientWidth;
      // What is in it is the browser's, and is never said to overflow.
      const roomy = element.cloneNode();
      roomy.style.width = 'max-content';
      element.after(roomy);
      const { offsetWidth } = roomy;
      roomy.remove();
      return element.offsetWidth < offsetWidth;
    })
    .map((element) => element.localName + ' ' + (element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.textContent))`;

/**
 * What axe finds in the state that the page is in: light and dark, wide and narrow, and in forced colours; and
 * what does not fit. With `SCREENSHOTS`, a directory, it is also photographed.
 */
export async function findViolations(page: Page, state: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name, viewport, media } of VARIANTS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({
      colorScheme: 'light',
      forcedColors: 'none',
      reducedMotion: 'reduce',
      ...media,
    });
    // The page has no frames, which alone would need the other mode, with a second page for each run.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    if (Object.keys(media).length > 0) axe.withRules(COLOUR_RULES);
    const { violations, passes } = await axe.analyze();
    expect(passes.length).toBeGreaterThan(0);
    found.push(...violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html)}`));
    const cut = await page.evaluate<string[]>(CUT_OFF);
    found.push(...cut.map((control) => `${name}: does not fit: ${control}`));
    const directory = process.env.SCREENSHOTS;
    if (directory !== undefined)
      await page.screenshot({ path: join(directory, `${`${state} ${name}`.replaceAll(/\W+/g, '-')}.png`) });
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: null, forcedColors: null, reducedMotion: null });
  return found;
}
