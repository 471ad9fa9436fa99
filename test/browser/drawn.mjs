// SPDX-License-Identifier: Apache-2.0
// node drawn.mjs ORIGIN ROUNDS: how long it takes until Home is drawn in Chromium, nothing of it known
// to browser or daemon before. Part of make bench-console.
import { chromium } from "playwright-core";

const [origin, rounds] = process.argv.slice(2);
const GOAL_MS = 200;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});

/* In the page: when all charts and both lists are there, and when the browser called it loaded. */
function watch() {
  const look = () => {
    const charts = document.querySelectorAll(".chart canvas").length;
    if (charts >= 4 && document.querySelectorAll("table.list tbody tr").length > 1) {
      globalThis.drawnAt = performance.now();
    } else {
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
}

async function drawn(path) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(watch);
  await page.goto(origin + path);
  await page.waitForFunction(() => globalThis.drawnAt !== undefined);
  const times = await page.evaluate(() => {
    const [load] = performance.getEntriesByType("navigation");
    return { start: globalThis.drawnAt, load: globalThis.drawnAt - load.loadEventEnd };
  });
  await context.close();
  return times;
}

const at = (values, q) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
let good = true;
await drawn("/"); // the browser's own start
for (const [name, seconds] of [["1 h", 3600], ["30 d", 30 * 86400]]) {
  const all = [];
  for (let i = 0; i < Number(rounds); i++) {
    const to = Math.floor(Date.now() / 1000) - 60 * i;
    all.push(await drawn(`/?from=${to - seconds}&to=${to}`));
  }
  const load = all.map((times) => Math.max(0, times.load));
  const start = all.map((times) => times.start);
  good &&= at(load, 0.5) <= GOAL_MS;
  console.log(
    `Home, ${name}: drawn ${at(load, 0.5).toFixed(0)} ms after the page's load (95 %: ${at(load, 0.95).toFixed(0)}), ` +
      `${at(start, 0.5).toFixed(0)} ms (${at(start, 0.95).toFixed(0)}) after it was asked for`,
  );
}
await browser.close();
process.exit(good ? 0 : 1);
