// SPDX-License-Identifier: Apache-2.0
// The console in a real browser: node --test, with a daemon of its own on the shop's store.
//   SLOWBURN_BINARY   the daemon;  SCREENSHOTS   where the pictures go
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const pictures = process.env.SCREENSHOTS ?? join(root, "build", "browser");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/* The store keeps no traces, so the page gets the one that the terminal's waterfall is tested with. */
const TRACE = readFileSync(join(root, "test", "unit", "cli", "trace.json"), "utf8").replaceAll(
  "00000000000000a3",
  "00000000000000aa",
);

const SCREENS = {
  home: "/?range=1h",
  incidents: "/incidents",
  incident: "/incident/1",
  route: "/route?name=GET%20%2Fapi%2Forders&range=1h",
  query: "/query?fingerprint=00000000000000aa&range=6h",
  "query-plans": "/query?fingerprint=0000000000000103&range=6h",
  health: "/health",
  trace: `/trace/${JSON.parse(TRACE).trace_id}`,
};
const WIDTHS = { wide: 1280, narrow: 360 };

let daemon;
let browser;
let origin;
let token;

before(async () => {
  daemon = spawn(
    "/usr/bin/python3",
    ["-m", "test.browser.filled", "--binary", process.env.SLOWBURN_BINARY],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  for await (const line of createInterface({ input: daemon.stdout })) {
    const [address, folder] = line.split(" ");
    origin = address.replace(/\/$/, "");
    token = readFileSync(join(folder, "slowburn", "token"), "utf8").trim();
    break;
  }
  assert.match(origin ?? "", /^http:/, "the daemon did not start");
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: process.getuid() === 0 ? ["--no-sandbox"] : [],
  });
});

after(async () => {
  await browser?.close();
  if (daemon?.exitCode === null) {
    daemon.kill("SIGINT");
    await new Promise((resolve) => daemon.once("exit", resolve));
  }
});

/** A page that fails the test when it complains, or asks anybody but the daemon. */
async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:") && !url.startsWith("blob:")) {
      complaints.push(`a request left for ${url}`);
    }
  });
  await page.route("**/api/v1/traces?*", (route) => route.fulfill({ json: [JSON.parse(TRACE)] }));
  await page.route("**/api/v1/traces/*", (route) => route.fulfill({ json: JSON.parse(TRACE) }));
  await page.goto(origin + path);
  return { page, complaints, close: () => context.close() };
}

/* What a screen shows once it has all of its answers. */
const shown = (page) =>
  page.waitForFunction(() => document.querySelector("main h1") && !document.querySelector(".loading"));

test("the reference incident, by clicks", async () => {
  const { page, complaints, close } = await open("/", {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await page.getByRole("link", { name: /GET \/api\/orders is slowing down/ }).click();
  await page.getByRole("heading", { level: 1, name: "GET /api/orders is slowing down" }).waitFor();
  const first = page.getByRole("region", { name: "What to do first" }).getByRole("listitem").first();
  assert.match(await first.innerText(), /roll back v2/);
  await first.getByRole("button", { name: "Copy roll back v2" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "roll back v2");
  await page.getByText("once for each order listed").first().click();
  await page.getByText("one call for each row, in the order of the rows").waitFor();
  await page.getByRole("button", { name: "Write it" }).click();
  await page.getByText("# Postmortem: GET /api/orders is slowing down").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "postmortem-1.md");
  assert.match(readFileSync(await download.path(), "utf8"), /^# Postmortem/);
  assert.deepEqual(complaints, []);
  await close();
});

/** Presses Tab until what is focused has this name. */
async function tabTo(page, name) {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    const text = await page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
    );
    if (name.test(text)) return;
  }
  assert.fail(`Tab does not reach ${name}`);
}

test("the reference incident, by keyboard alone", async () => {
  const { page, complaints, close } = await open("/", {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await page.getByRole("link", { name: /is slowing down/ }).waitFor();
  await tabTo(page, /is slowing down/);
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "What to do first" }).waitFor();
  await tabTo(page, /^Copy roll back v2$/);
  await page.keyboard.press("Enter");
  await page.waitForFunction(async () => (await navigator.clipboard.readText()) === "roll back v2");
  await tabTo(page, /repeated query/);
  await page.keyboard.press("Enter");
  await page.getByText("one call for each row, in the order of the rows").waitFor();
  await tabTo(page, /^Write it$/);
  await page.keyboard.press("Enter");
  await page.getByText("# Postmortem: GET /api/orders is slowing down").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("evidence is opened in place", async () => {
  const { page, complaints, close } = await open("/incident/1", {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const before = page.getByRole("list", { name: "Plan without an index" });
  assert.match(await before.innerText(), /Seq Scan on public\.items.*Filter: \(items\.order_id = \?\)/s);
  const after = page.getByRole("list", { name: "Plan with the index" });
  assert.match(await after.innerText(), /Index Scan on public\.items/);
  await page.getByText("once for each order listed").first().click();
  await page.getByText(/In 14 of 14 requests/).waitFor();
  await page.getByText("3,018 calls, 1 answer").first().click();
  await page.getByText(/3,018 calls, 1 different answer: 99 %/).waitFor();
  await page.getByRole("link", { name: "This statement over time" }).first().click();
  await page.getByText("An index would help").waitFor();
  await page.getByRole("button", { name: "Copy the index" }).click();
  assert.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    "CREATE INDEX CONCURRENTLY ON public.items (order_id)",
  );
  assert.deepEqual(complaints, []);
  await close();
});

test("a plan and the one before it are trees, and one node is marked", async () => {
  const { page, complaints, close } = await open(SCREENS["query-plans"]);
  const now = page.getByRole("list", { name: "Plan now" });
  await now.waitFor();
  const marked = now.locator(".costly");
  assert.equal(await marked.count(), 1);
  assert.match(await marked.innerText(), /Seq Scan on public\.stock\s*costs most/);
  assert.equal(await now.getByRole("list").count(), 5, "each node is within its parent");
  await page.getByRole("list", { name: "Previous plan" }).waitFor();
  await page.getByText("No index would help").waitFor();
  const used = page.getByRole("listitem").filter({ hasText: "products_category on" });
  assert.match(await used.innerText(), /used$/);
  assert.deepEqual(complaints, []);
  await close();
});

test("a route before and after its deploys", async () => {
  const { page, complaints, close } = await open("/route?name=GET%20%2Fapi%2Forders&range=24h");
  await page.getByRole("heading", { name: /Before and after deploy v2/ }).waitFor();
  await page.getByRole("button", { name: "v1" }).click();
  await page.getByRole("heading", { name: /Before and after deploy v1/ }).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a change asks for the token once, and sends it in no address", async () => {
  const { page, close } = await open("/incident/1");
  await page.getByRole("button", { name: "I am looking at it" }).click();
  const input = page.getByLabel(/This needs the token/);
  await input.fill("0".repeat(64));
  const asked = page.waitForRequest(
    (request) => request.method() === "POST" && request.headers().authorization !== undefined,
  );
  await page.getByRole("button", { name: "Use it" }).click();
  const request = await asked;
  assert.equal(request.headers().authorization, `Bearer ${"0".repeat(64)}`);
  assert.ok(!request.url().includes("0000"));
  await input.waitFor(); // it was the wrong one
  await close();
});

test("an address has its time range, and links keep it", async () => {
  const { page, complaints, close } = await open("/");
  await page.getByRole("button", { name: "24h" }).click();
  await page.getByRole("link", { name: "GET /api/products" }).click();
  await page.getByRole("heading", { level: 1, name: "GET /api/products" }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("range"), "24h");
  await page.reload();
  await shown(page);
  assert.equal(
    await page.getByRole("button", { name: "24h" }).getAttribute("aria-pressed"),
    "true",
  );
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Now" }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("range"), "24h");
  assert.deepEqual(complaints, []);
  await close();
});

for (const [name, path] of Object.entries(SCREENS)) {
  test(`${name}: complete, accessible, pictured`, async () => {
    mkdirSync(pictures, { recursive: true });
    for (const colorScheme of ["light", "dark"]) {
      for (const [size, width] of Object.entries(WIDTHS)) {
        const { page, complaints, close } = await open(path, {
          colorScheme,
          viewport: { width, height: 900 },
          bypassCSP: true, // for axe, which is put into the page
        });
        await shown(page);
        await page.waitForTimeout(150); // charts are drawn a frame later
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(overflow, 0, `${name} is wider than ${size} by ${overflow}`);
        await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${size}.png`), fullPage: true });
        await page.evaluate(axe);
        const found = await page.evaluate(() => globalThis.axe.run());
        const serious = found.violations
          .filter((v) => v.impact === "serious" || v.impact === "critical")
          .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
        assert.deepEqual(serious, [], `${name} ${colorScheme} ${size}`);
        assert.deepEqual(complaints, []);
        await close();
      }
    }
  });
}

test("the picture for the README", async () => {
  mkdirSync(pictures, { recursive: true });
  const { page, close } = await open("/incident/1", { viewport: { width: 1080, height: 1010 } });
  await shown(page);
  await page.screenshot({ path: join(pictures, "readme.png") });
  await close();
});

/* The last one: it changes what the others look at. */
test("acknowledge, note, mute, expected: with the real token, and it is done", async () => {
  const { page, complaints, close } = await open("/incident/1");
  const button = (name) => page.getByRole("button", { name, exact: true });
  const head = page.locator(".incident-head");
  const timeline = page.getByRole("region", { name: "Timeline" });
  await button("I am looking at it").click();
  await page.getByLabel(/This needs the token/).fill(token);
  await button("Use it").click();
  await head.getByText(/acknowledged \d/).waitFor();
  assert.equal(await button("I am looking at it").count(), 0);
  assert.equal(await page.getByLabel(/This needs the token/).count(), 0);

  const words = "the import is <b>running</b> | see the wiki";
  await page.getByLabel("A line for the timeline").fill(words);
  await button("Note it").click();
  await timeline.getByText(words).waitFor();
  assert.equal(await page.getByLabel("A line for the timeline").inputValue(), "");

  await page.getByLabel("Mute for").selectOption("a day");
  await button("Mute").click();
  await head.getByText(/muted until/).waitFor();
  await button("Unmute").click();
  await button("Mute").waitFor();
  assert.equal(await head.getByText(/muted until/).count(), 0);

  await button("Expected").click();
  await head.getByText("closed", { exact: true }).waitFor();
  await timeline.getByText("marked as expected").waitFor();
  assert.equal(await button("Close").count() + (await button("Expected").count()), 0);
  assert.deepEqual(complaints.filter((text) => !text.includes("401")), []);
  await close();
});
