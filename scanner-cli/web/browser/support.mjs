// What the tests and the screenshots share: a browser, and the addresses of pages of the catalog under test.
import puppeteer from "puppeteer-core";

export const base = process.env.CATALOG;
export const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const startBrowser = () =>
  puppeteer.launch({
    executablePath: chromium,
    timeout: 120_000,
    protocolTimeout: 600_000,
    // The tests may run as root in a container, where Chromium's own sandbox is not available.
    args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--lang=en-GB"],
    env: { ...process.env, TZ: "Europe/Berlin" },
  });

/// Opens a page of a size. Errors of scripts are collected in `page.problems`.
export const openPage = async (browser, { width = 1280, height = 900, scheme = "light", script = true } = {}) => {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.problems = [];
  page.hosts = new Set();
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 40[04]/.test(message.text())) page.problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) page.hosts.add(new URL(request.url()).host);
  });
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setJavaScriptEnabled(script);
  page.show = async (address) => {
    const url = new URL(address, base);
    const answer = await page.goto(url.href, { waitUntil: "load" });
    return answer;
  };
  page.text = (selector) => page.$eval(selector, (element) => element.textContent.trim());
  page.texts = (selector) => page.$$eval(selector, (all) => all.map((element) => element.textContent.trim()));
  page.end = () => context.close();
  return page;
};

/// The address of the first link whose text is this one, on a page.
export const linkTo = async (browser, address, text) => {
  const page = await openPage(browser, { script: false });
  await page.show(address);
  const links = await page.$$eval("main a", (all) => all.map((link) => [link.textContent.trim(), link.getAttribute("href")]));
  await page.end();
  const found = links.find(([shown]) => shown === text);
  if (!found) throw new Error(`${address} has no link ${text}, only ${links.map(([shown]) => shown).join(", ")}`);
  return found[1];
};

/// All pages: a name, and the address.
export const allPages = async (browser) => [
  ["home", "/"],
  ["search", "/search"],
  ["found", "/search?q=sales"],
  ["nothing-found", "/search?q=xyzzy"],
  ["item", await linkTo(browser, "/search?q=Regions", "Regions")],
  ["apps", "/apps"],
  ["app", await linkTo(browser, "/apps", "HR Headcount")],
  ["streams", "/streams"],
  ["stream", await linkTo(browser, "/streams", "Finance")],
  ["hostile", await linkTo(browser, "/apps", "Names that are hard to show")],
  ["owners", "/owners"],
  ["changes", "/changes"],
  ["scans", "/scans"],
  ["connections", "/connections"],
  ["quality", "/quality"],
  ["without-description", "/quality/without-description"],
  ["stale", "/quality/stale?days=30"],
  ["not-found", "/nowhere"],
  ["invalid", "/search?sort=sideways"],
];
