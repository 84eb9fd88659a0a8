// Tests of the catalog's pages in Chromium. `cargo xtask browser` runs them; with SHORT=1 only the most important ones.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { allPages, base, linkTo, openPage, startBrowser } from "./support.mjs";

const isShort = process.env.SHORT === "1";
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;

before(async () => { browser = await startBrowser(); });
after(async () => { await browser?.close(); });

/// A test with a page of its own. No page may have an error of a script or ask another host.
const check = (name, options, run) =>
  test(name, { skip: isShort && options.long ? "only in the long run" : false, timeout: 600_000 }, async () => {
    const page = await openPage(browser, options);
    try {
      await run(page);
      assert.deepEqual(page.problems, []);
      for (const host of page.hosts) assert.equal(host, new URL(base).host);
    } finally {
      await page.end();
    }
  });

const heading = (page) => page.text("main h1");

check("a word of a description finds a sheet as people type, and back returns", {}, async (page) => {
  await page.show("/");
  await page.keyboard.press("/");
  await page.keyboard.type("turnover");
  await page.waitForFunction(() => location.search === "?q=turnover" && !document.querySelector("main[aria-busy]"));
  await page.waitForSelector(".results h2 a");
  assert.deepEqual(await page.texts(".results h2 a"), ["Regions"]);
  assert.match(await heading(page), /^1 sheet /);
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await Promise.all([page.waitForNavigation(), page.click(".results h2 a")]);
  assert.match(await heading(page), /^Regions/);
  await page.goBack();
  assert.match(page.url(), /\/search\?q=turnover$/);
  await page.goBack();
  await page.waitForFunction(() => location.pathname === "/" && document.querySelector(".numbers"));
});

check("hits are marked", {}, async (page) => {
  await page.show("/search?q=turnover");
  assert.deepEqual((await page.texts(".results mark")).map((text) => text.toLowerCase()), ["turnover"]);
});

check("a facet narrows the list, its state is an address, and it can be removed", {}, async (page) => {
  await page.show("/search?q=o");
  const total = await heading(page);
  await Promise.all([page.waitForNavigation(), page.click(".facets section li a")]);
  const address = page.url();
  const narrowed = await heading(page);
  assert.notEqual(narrowed, total);
  // Whoever gets the address sees the same.
  const other = await openPage(browser);
  await other.show(address);
  assert.equal(await heading(other), narrowed);
  await Promise.all([other.waitForNavigation(), other.click(".chips a")]);
  assert.equal(await heading(other), total);
  await other.end();
});

check("pages of a list contain each item once", {}, async (page) => {
  await page.show("/search");
  const total = Number.parseInt(await heading(page), 10);
  const seen = [];
  for (;;) {
    seen.push(...(await page.$$eval(".results h2 a", (all) => all.map((link) => link.href))));
    const next = await page.$$(".pages a");
    const texts = await page.texts(".pages a");
    const index = texts.indexOf("Next page");
    if (index < 0) break;
    await Promise.all([page.waitForNavigation(), next[index].click()]);
  }
  assert.equal(seen.length, total);
  assert.equal(new Set(seen).size, total);
});

check("an item has its owner's address, its history with old and new values, and its key", {}, async (page) => {
  await page.show(await linkTo(browser, "/search?q=Absences", "Absences and holidays"));
  const mail = await page.$eval("a[href^='mailto:']", (link) => link.getAttribute("href"));
  assert.equal(mail, "mailto:chloe.oz@acme.example");
  const changed = await page.text(".timeline");
  assert.match(changed, /changed/);
  assert.match(await page.text(".timeline del"), /Absences|empty/);
  assert.match(await page.text(".values"), /Absences and holidays/);
  const open = await page.$eval(".actions a.primary", (link) => link.href);
  assert.match(open, /^http:\/\/127\.0\.0\.1:\d+\/sense\/app\//);
  const context = page.browserContext();
  await context.overridePermissions(new URL(base).origin, ["clipboard-read", "clipboard-write", "clipboard-sanitized-write"]);
  await page.bringToFront();
  await page.click("button[data-copy]");
  await page.waitForFunction(() => document.querySelector("button[data-copy]").textContent === "Copied");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.text("#key"));
});

check("dates are in the reader's time zone, with the exact value on hover", {}, async (page) => {
  await page.emulateTimezone("Asia/Tokyo");
  await page.show(await linkTo(browser, "/search?q=Regions", "Regions"));
  const times = await page.$$eval("aside time", (all) =>
    all.map((time) => [time.title, time.textContent, new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo" }).format(new Date(time.dateTime))]));
  assert.ok(times.length >= 3);
  for (const [exact, shown, expected] of times) {
    assert.match(exact, /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.equal(shown, expected);
  }
});

check("changes are listed by day and can be filtered", {}, async (page) => {
  await page.show("/changes");
  assert.ok((await page.$$(".day")).length >= 1);
  const week = await page.$("::-p-xpath(//main//a[normalize-space()='Last 7 days'])");
  await Promise.all([page.waitForNavigation(), week.click()]);
  const link = await page.$("::-p-xpath(//main//a[normalize-space()='removed'])");
  await Promise.all([page.waitForNavigation(), link.click()]);
  assert.match(page.url(), /days=7&kind=removed/);
  assert.deepEqual([...new Set(await page.texts(".timeline .badge"))], ["removed"]);
  assert.deepEqual(await page.texts(".timeline .what a"), ["Funnel"]);
});

check("the feed and the CSV file are what the page shows", {}, async (page) => {
  await page.show("/changes");
  const feed = await page.$eval("link[type='application/atom+xml']", (link) => link.href);
  const answer = await fetch(feed);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type"), /^application\/atom\+xml/);
  assert.match(await answer.text(), /<feed[^>]*>[\s\S]*Apprentices[\s\S]*<\/feed>/);
  await page.show("/search?q=turnover");
  const csv = await fetch(await page.$eval("a[download]", (link) => link.href));
  assert.match(csv.headers.get("content-type"), /^text\/csv/);
  // Values in quotation marks may have line breaks.
  const lines = (await csv.text()).trim().replace(/"(?:[^"]|"")*"/g, (value) => value.replaceAll(/\s/g, " ")).split("\n");
  assert.equal(lines.length, 2);
  assert.match(lines[1], /Regions/);
});

check("hostile texts are shown as texts", {}, async (page) => {
  await page.show(await linkTo(browser, "/apps", "Names that are hard to show"));
  const names = await page.texts(".results h2 a");
  assert.ok(names.includes("<script>document.title = 'broken'</script>"), names.join("\n"));
  assert.equal(await page.$("main img"), null);
  assert.doesNotMatch(await page.title(), /^broken/);
  for (const href of await page.$$eval("a", (all) => all.map((link) => link.href)))
    assert.match(href, /^(https?|mailto):/);
  await page.show("/search?q=%22%3E%3Cscript%3Edocument.title%3D1%3C%2Fscript%3E");
  assert.match(await page.title(), /<script>/);
});

check("an unknown address helps to go on", {}, async (page) => {
  const answer = await page.show("/nowhere");
  assert.equal(answer.status(), 404);
  assert.match(await heading(page), /does not exist/);
  await Promise.all([page.waitForNavigation(), page.click("main .actions a")]);
  assert.match(page.url(), /\/search$/);
});

check("everything works without script", { script: false }, async (page) => {
  await page.show("/");
  await page.type("#q", "turnover");
  await Promise.all([page.waitForNavigation(), page.click(".find button")]);
  await Promise.all([page.waitForNavigation(), page.click(".results h2 a")]);
  assert.match(await page.$eval("main h1", (element) => element.textContent), /Regions/);
  assert.equal(await page.$eval("button[data-copy]", (button) => getComputedStyle(button).display), "none");
});

check("the keyboard alone is enough", {}, async (page) => {
  await page.show("/");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.type("turnover");
  await page.waitForFunction(() => location.search === "?q=turnover" && !document.querySelector("main[aria-busy]")
    && document.querySelector(".results h2 a")?.textContent === "Regions");
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return [document.activeElement.textContent.trim(), style.outlineStyle];
    });
    assert.notEqual(focused[1], "none", `${focused[0]} has no visible focus`);
    if (focused[0] === "Regions") break;
  }
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.match(await heading(page), /^Regions/);
});

check("a slow network delays the page and breaks nothing", { long: true }, async (page) => {
  await page.show("/");
  await page.emulateNetworkConditions({ offline: false, latency: 400, download: 20_000, upload: 20_000 });
  await page.focus("#q");
  await page.keyboard.type("turnover", { delay: 60 });
  await page.waitForFunction(() => document.querySelector(".results h2 a")?.textContent === "Regions", { timeout: 60_000 });
  assert.equal(new URL(page.url()).search, "?q=turnover");
  assert.equal(await page.$("main[aria-busy]"), null);
});

check("charts of scans have texts for screen readers", { long: true }, async (page) => {
  await page.show("/scans");
  const labels = await page.$$eval("svg[role=img]", (all) => all.map((chart) => chart.getAttribute("aria-label")));
  assert.equal(labels.length, 2);
  for (const label of labels) assert.match(label, /last scan/);
});

for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [360, "light"], [360, "dark"]]) {
  const long = !(width === 1280 && scheme === "light") && !(width === 360 && scheme === "dark");
  check(`all pages fit ${width} pixels, ${scheme}, and axe finds no serious violation`, { width, scheme, long }, async (page) => {
    for (const [name, address] of await allPages(browser)) {
      await page.show(address);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(beyond <= 0, `${name} is ${beyond} pixels too wide`);
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(background === "rgb(255, 255, 255)", scheme === "light", name);
      // The policy of the page forbids foreign scripts, so the debugger puts axe there.
      await page.evaluate(`${axe}; undefined`);
      const found = await page.evaluate(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
        .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" | ")}`));
      const serious = found.filter((violation) => /^(serious|critical)/.test(violation));
      assert.deepEqual(serious, [], name);
    }
  });
}
