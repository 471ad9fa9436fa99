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
  await page.goto(path.startsWith("/") ? origin + path : path);
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

/** What the daemon answers, changed by the test; for screens in a state that the shop is not in. */
async function instead(page, path, change) {
  await page.route(`**/api/v1/${path}`, async (route) => {
    const document = await (await route.fetch()).json();
    await route.fulfill({ json: change(document) ?? document });
  });
}

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

test("Home says in sentences what, since when, why, and what first", async () => {
  const { page, complaints, close } = await open("/");
  const sentences = page.locator(".sentences");
  await sentences.getByText("is slowing down").waitFor();
  assert.match(
    (await sentences.innerText()).replace(/\s+/g, " "),
    /^GET \/api\/orders is slowing down for \d.*, getting worse p95 41 ms → 388 ms · because of missing index, items by order_id \(proved, and 2 more\) · first: roll back v2$/,
  );
  await instead(page, "incidents", () => []);
  await page.reload();
  await sentences.getByText(/^All quiet: [\d,]+ requests\/min, p95 \d+ ms, database load \d/).waitFor();

  await page.unrouteAll();
  await instead(page, "incidents", ([incident]) => {
    Object.assign(incident, {
      state: "recovered",
      headline: "GET /api/orders slowed down",
      recovered_at: ago(90),
    });
  });
  await page.reload();
  await sentences.getByText(/and has recovered, 1 m \d+ s ago/).waitFor();

  await page.unrouteAll();
  await instead(page, "incidents", () => []);
  await instead(page, "overview?*", (overview) => {
    for (const name of ["requests", "queries", "load", "p95_ms"]) overview[name].fill(null);
  });
  await page.reload();
  await sentences.getByText("nothing has come through slowburn").waitFor();
  assert.equal(await sentences.getByText("All quiet").count(), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test("advice is to be done first where there is no action", async () => {
  const { page, complaints, close } = await open("about:blank");
  await instead(page, "incidents/1", (incident) => {
    incident.actions = [];
    incident.changes = [];
    Object.assign(incident.causes[0], {
      kind: "lock-wait",
      advice: "end the transaction that holds the lock",
      blocker: {
        state: "idle in transaction",
        holder: "0000000000000107",
        holder_short: "update orders",
        chain: [
          { fingerprint: "0000000000000101", short: "items by id", state: "waiting", waited_ms: 1500 },
          { fingerprint: "0000000000000102", short: "update audit", state: "waiting", waited_ms: 1200 },
          { fingerprint: "0000000000000107", short: "update orders", state: "idle in transaction", waited_ms: 0 },
        ],
      },
    });
    Object.assign(incident.causes[1], { statement: "", saving_ms: null, fingerprint: null });
  });
  await page.goto(`${origin}/incident/1`);
  const first = page.getByRole("region", { name: "What to do first" });
  await first.getByText("end the transaction that holds the lock").waitFor();
  await page.getByText("update orders").waitFor();
  await page.getByText("update audit, waited for 1,200 ms").waitFor();
  await page.getByText("once for each order listed").first().click();
  assert.equal(await page.locator("pre:empty").count(), 0, "no empty box for a statement that is not known");
  assert.equal(await page.getByText("– ms").count(), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test("the legend explains every kind of finding and every word that is underlined", async () => {
  const kinds = readFileSync(join(root, "src", "model", "finding.tbl"), "utf8").matchAll(/^FINDING\(\w+, "([^"]+)"/gm);
  const { page, close } = await open("/incident/1");
  await page.getByText("What the words mean").click();
  const words = await page.locator(".legend dt").allInnerTexts();
  for (const [, kind] of kinds) assert.ok(words.includes(kind.replaceAll("-", " ")), kind);
  for (const word of ["database load", "waiting", "proved", "alone", "together"]) assert.ok(words.includes(word), word);
  const unexplained = await page.locator("abbr.term:not([title])").allInnerTexts();
  assert.deepEqual(unexplained, []);
  await close();
});

test("an incident is shown over time, with a way to its route", async () => {
  const { page, complaints, close } = await open("/incident/1");
  const over = page.getByRole("region", { name: "Over time" });
  await over.getByRole("img", { name: /^Latency: p50/ }).waitFor();
  await over.getByRole("link", { name: "GET /api/orders over time" }).click();
  await page.getByRole("heading", { level: 1, name: "GET /api/orders" }).waitFor();
  const { searchParams } = new URL(page.url());
  assert.ok(Number(searchParams.get("to")) - Number(searchParams.get("from")) >= 1800);
  assert.deepEqual(complaints, []);
  await close();
});

test("a query's share of the database's time is that of the API", async () => {
  const to = Math.floor(Date.now() / 60_000) * 60 - 120;
  const range = `from=${to - 3600}&to=${to}`;
  const api = async (path) => (await fetch(`${origin}/api/v1/${path}&${range}`)).json();
  const [whole, part] = [await api("overview?"), await api("query?fingerprint=0000000000000103")];
  const sum = (values) => values.reduce((all, value) => all + value, 0);
  const percent = (100 * sum(part.load)) / sum(whole.load);
  const { page, complaints, close } = await open(`/query?fingerprint=0000000000000103&${range}`);
  const fact = page.locator(".facts > div", { hasText: "share of database time" });
  await fact.getByText(`${percent.toFixed(percent < 9.95 ? 1 : 0)} %`).waitFor();
  const asked = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  assert.deepEqual(asked.filter((name) => name.includes("overview")), [], "one figure is not the whole of Home");
  assert.deepEqual(complaints, []);
  await close();
});

test("each row of a trace says what ties it to the request", async () => {
  const { page, complaints, close } = await open(SCREENS.trace);
  await shown(page);
  const { statements } = JSON.parse(TRACE);
  const ties = await page.locator(".waterfall .tie").allInnerTexts();
  assert.equal(ties.length, statements.length);
  assert.deepEqual(ties, ["by trace context", "by values, 99.8 %", "by values, 99.8 %", "by time alone, 91 %"]);
  assert.deepEqual(complaints, []);
  await close();
});

test("a moving range is held and walked along by keyboard", async () => {
  const { page, complaints, close } = await open("/?range=6h");
  await shown(page);
  await tabTo(page, /^hold$/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/from=\d+&to=\d+/);
  const rangeOf = () => ["from", "to"].map((name) => Number(new URL(page.url()).searchParams.get(name)));
  const [from, to] = rangeOf();
  assert.equal(to - from, 6 * 3600);
  await page.getByRole("button", { name: "Earlier" }).press("Enter");
  await page.waitForURL(new RegExp(`to=${from}`));
  assert.deepEqual(rangeOf(), [from - 6 * 3600, from]);
  await page.getByRole("button", { name: "Later" }).press("Enter");
  await page.waitForURL(new RegExp(`to=${to}`));
  assert.deepEqual(complaints, []);
  await close();
});

test("long names and states that the shop is not in fit a phone", async () => {
  const { page, complaints, close } = await open("about:blank", { viewport: { width: 360, height: 900 } });
  const long = (incident) => {
    const name = `POST /api/v2/${"organizations/{organization}/".repeat(4)}deployments`;
    incident.subject = incident.victims[0].subject = name;
    incident.headline = `${name} is failing`;
    incident.errors = { now: 212, all_ok: false };
    incident.actions[1].text = `CREATE INDEX CONCURRENTLY ON ${"a_very_long_name".repeat(5)} (id)`;
    Object.assign(incident.actions[2], {
      state: "measured",
      landed_at: ago(60),
      predicted_ms: 318.5,
      measured_ms: 301.94,
      measured_error_ms: 24.1,
      measured_requests: 212,
    });
    incident.monitor = {
      lane: "errors",
      opened: true,
      learning: true,
      onset_from: ago(300),
      onset_to: ago(240),
      deploy_chance: 0.03,
    };
  };
  await instead(page, "incidents/1", (incident) => void long(incident));
  await instead(page, "incidents", (incidents) => void incidents.forEach(long));
  for (const path of ["/", "/incidents", "/incident/1"]) {
    await page.goto(origin + path);
    await page.getByText("is failing").first().waitFor();
    await shown(page);
    const wider = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(wider, 0, path);
  }
  await page.getByText("Noticed by the monitor (errors)").waitFor();
  await page.getByText("301.9 ± 24.1 ms").waitFor();
  assert.deepEqual(complaints.filter((text) => !text.includes("404")), []);
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

  await page.getByLabel("Mute for").selectOption("for a day");
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
