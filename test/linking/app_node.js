// SPDX-License-Identifier: Apache-2.0
// The trial's application in Node: one process, node-postgres' Pool; what is no transaction takes any
// connection for each query. What it does and writes down: apps.py.
"use strict";
const fs = require("fs");
const http = require("http");
const { Pool } = require("pg");

const { MODE, PGPORT, PGDATABASE, SPEC, THINK_MS, TRUTH } = process.env;
const spec = JSON.parse(fs.readFileSync(SPEC));
const truth = fs.createWriteStream(TRUTH, { flags: "a" });
const pool = new Pool({ host: "127.0.0.1", port: Number(PGPORT), database: PGDATABASE, user: "postgres",
  max: 10, idleTimeoutMillis: 0 });

const now = () => Number(process.hrtime.bigint() / 1000n);
const think = () => new Promise((resolve) =>
  setTimeout(resolve, -Math.log(1 - Math.random()) * Number(THINK_MS)));

// On one connection, or on any: that is known when it is there.
async function timed(work, client, name, values) {
  const text = spec.statements[name] ?? name;
  const mine = client ?? await pool.connect();
  const start = now();
  try {
    return (await mine.query({ text: text + work.tags, values, rowMode: "array" })).rows;
  } finally {
    work.done.push([mine.processID, start, now(), 1, name]);
    if (client === null) {
      mine.release();
    }
  }
}

async function steps(work, plan, client, user) {
  let rows = [];
  for (const [number, step] of plan.steps.entries()) {
    if (number > 0) {
      await think();
    }
    if (step === "items for each") {
      for (const row of rows) {
        await timed(work, client, "items", [user, row[0]]);
      }
    } else {
      rows = await timed(work, client, step, [user]);
    }
  }
  return rows;
}

async function play(work, plan, user) {
  if (!plan.transaction) {
    return steps(work, plan, null, user);
  }
  const client = await pool.connect();
  try {
    await timed(work, client, "BEGIN", []);
    const rows = await steps(work, plan, client, user);
    await timed(work, client, "COMMIT", []);
    return rows;
  } finally {
    client.release();
  }
}

async function answer(request, response, body) {
  const parts = request.url.split("/").slice(1);
  const visit = parts[0] === "visits";
  const who = String(visit ? JSON.parse(body).user : parts[1]);
  const route = request.method + (visit ? " /visits" : ["", "users", "{id}", ...parts.slice(2)].join("/").replace(/^/, " "));
  const user = /^\d+$/.test(who) ? Number(who) : Number(who.slice(2)) * 7919 % 5000 + 1;
  const traceparent = request.headers.traceparent ?? "--";
  const work = { done: [], tags: MODE === "tags" ? ` /*traceparent='${traceparent}'*/` : "" };
  let status = 200;
  let rows = [];
  try {
    rows = await play(work, spec.routes[route], user);
  } catch {
    status = 500;
  }
  const data = JSON.stringify({ rows: rows.length });
  response.writeHead(status, { "content-length": data.length });
  response.end(data);
  truth.write(JSON.stringify({ trace: traceparent.split("-")[1], route, queries: work.done }) + "\n");
}

http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => answer(request, response, Buffer.concat(chunks).toString()));
}).listen(Number(process.argv[2]), "127.0.0.1");
