// SPDX-License-Identifier: Apache-2.0
// Sessions of node-postgres that know the answers: client.js HOST PORT SESSIONS. What it says: client.py.
"use strict";
const crypto = require("crypto");
const { Client } = require("pg");

const host = process.argv[2];
const [port, sessions] = process.argv.slice(3).map(Number);
const ENDS_OF_A_CONNECTION = ["57P01", "57P02", "57P03", "08006"];
let stopping = false;
process.on("SIGTERM", () => { stopping = true; });

const below = (n) => Math.floor(Math.random() * n);
const say = (...words) =>
  process.stdout.write(words.join(" ").replace(/\n/g, " ").slice(0, 500) + "\n");

class Wrong extends Error {}

function expect(what, got, wanted) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a !== b) {
    throw new Wrong(`${what}: ${a.slice(0, 150)} instead of ${b.slice(0, 150)}`);
  }
}

const md5 = (text) => crypto.createHash("md5").update(text).digest("hex");

async function ask(client, text, values, name) {
  return (await client.query({ text, values, name, rowMode: "array" })).rows;
}

const questions = [
  async (client, mark) => {
    const n = below(10000);
    expect("a sum", await ask(client, "select $1::int + 7, $2::text", [n, mark], "sum"),
      [[n + 7, mark]]);
  },
  async (client, mark) => {
    const n = below(200);
    const wanted = Array.from({ length: n }, (_, g) => [g + 1, md5(mark + (g + 1))]);
    expect("rows", await ask(client,
      "select g, md5($1::text || g) from generate_series(1, $2::int) g", [mark, n]), wanted);
  },
  async (client, mark) => {
    const n = below(20000);
    expect("a wide row", await ask(client, "select repeat($1, $2)", [mark, n]), [[mark.repeat(n)]]);
  },
  async (client, mark) => {
    try {
      await ask(client, "select 1 / $1::int, $2::text", [0, mark]);
    } catch (error) {
      if (error.code !== "22012") {
        throw error;
      }
      return;
    }
    throw new Wrong("no error 22012");
  },
  // Sent without waiting for each other.
  async (client, mark) => {
    const all = await Promise.all([1, 2, 3].map((i) =>
      ask(client, "select $1::int, $2::text", [i, mark])));
    expect("three at once", all, [1, 2, 3].map((i) => [[i, mark]]));
  },
  async (client, mark) => {
    const result = await client.query(`select 1 as a; select '${mark}' as b`);
    expect("several", result.map((r) => r.rows[0]), [{ a: 1 }, { b: mark }]);
  },
];

async function play(number) {
  let client = null;
  let broken = null;
  for (let count = 0, said = 0; !stopping;) {
    try {
      if (client === null) {
        broken = null;
        client = new Client({ host, port, user: "postgres", database: "postgres" });
        client.on("error", (error) => { broken = error; });
        await client.connect();
      }
      await questions[below(questions.length)](client, `${process.pid}.${number}.${count}`);
      count++;
      if (Date.now() - said > 1000) {
        said = Date.now();
        say("done", number, count);
      }
      if (below(40) === 0) {
        await client.end();
        client = null;
      }
    } catch (error) {
      const ends = !(error instanceof Wrong) && (broken !== null || error.code === undefined ||
        error.code.startsWith("E") || ENDS_OF_A_CONNECTION.includes(error.code));
      say(ends ? "lost" : "wrong", number, error.code, error.message);
      if (!ends) {
        return;
      }
      client.end().catch(() => {});
      client = null;
    }
    await new Promise((resolve) => setTimeout(resolve, below(500)));
  }
  if (client !== null) {
    await client.end().catch(() => {});
  }
}

Promise.all(Array.from({ length: sessions }, (_, i) => play(i))).then(() => process.exit(0));
