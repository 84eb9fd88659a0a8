// Takes a screenshot of each page, at 1280 and 360 pixels, light and dark. `cargo xtask screenshots` runs it.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { allPages, openPage, startBrowser } from "./support.mjs";

const folder = process.argv[2];
await mkdir(folder, { recursive: true });
const browser = await startBrowser();
const pages = await allPages(browser);
for (const width of [1280, 360]) {
  for (const scheme of ["light", "dark"]) {
    const page = await openPage(browser, { width, height: width === 360 ? 740 : 900, scheme });
    for (const [name, address] of pages) {
      await page.show(address);
      await page.screenshot({ path: path.join(folder, `${name}-${width}-${scheme}.png`), fullPage: true });
    }
    await page.end();
  }
}
// Small ones for the documentation: docs/images has copies of them.
for (const [name, address, width, height, scheme] of [
  ["catalog-search", "/search?q=region", 1000, 620, "light"],
  ["catalog-item", pages.find(([known]) => known === "item")[1], 960, 520, "light"],
  ["catalog-small", "/", 360, 640, "dark"],
]) {
  const page = await openPage(browser, { width, height, scheme });
  await page.show(address);
  await mkdir(path.join(folder, "docs"), { recursive: true });
  await page.screenshot({ path: path.join(folder, "docs", `${name}.png`) });
  await page.end();
}
await browser.close();
