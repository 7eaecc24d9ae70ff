/** A server of a test's own keeps what it has accepted when it is killed, and goes when whoever made it goes. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { postgresServer, whyNoPostgres } from "./postgres-server.js";
import { proxy } from "./proxy.js";

const MODULE = fileURLToPath(new URL("postgres-server.ts", import.meta.url));
const why = whyNoPostgres();

async function connected(url: string) {
  const client = new pg.Client(url);
  const errors: Error[] = [];
  client.on("error", (error) => errors.push(error));
  onTestFinished(() => client.end());
  await client.connect();
  return { client, errors };
}

describe.skipIf(why !== undefined)(`a server of a test's own${why === undefined ? "" : `: ${why}`}`, () => {
  test("is there again after a kill, on its port, with what was committed and nothing else", async () => {
    const server = await postgresServer();
    onTestFinished(() => server.remove());
    const { client, errors } = await connected(server.url);
    await client.query("CREATE TABLE kept (n int)");
    await client.query("INSERT INTO kept VALUES (1)");
    await client.query("BEGIN");
    await client.query("INSERT INTO kept VALUES (2)");
    await server.kill();
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    await expect(connected(server.url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await server.start();
    const again = await connected(server.url);
    expect((await again.client.query("SELECT n FROM kept")).rows).toEqual([{ n: 1 }]);
  });

  test("takes settings, and says what is wrong with them where it does not start", async () => {
    const server = await postgresServer({ fsync: "off" });
    onTestFinished(() => server.remove());
    const { client } = await connected(server.url);
    expect((await client.query("SHOW fsync")).rows).toEqual([{ fsync: "off" }]);
    await expect(postgresServer({ fsinc: "off" })).rejects.toThrow(
      /did not start:[\s\S]*unrecognized configuration parameter "fsinc"/,
    );
  });

  test.each([
    ["before the server has it", "nothing", "toServer", "before"],
    ["after the server has it", "everything", "toServer", "after"],
    ["before its answer is here", "everything", "toClient", "before"],
  ] as const)("behind a proxy loses a COMMIT: %s, %s is kept", async (_, kept, direction, when) => {
    const server = await postgresServer();
    onTestFinished(() => server.remove());
    const between = await proxy(server.port);
    onTestFinished(() => between.close());
    const { client: direct } = await connected(server.url);
    await direct.query("CREATE TABLE kept (n int)");
    const { client } = await connected(server.url.replace(String(server.port), String(between.port)));
    const { rows: own } = await client.query("SELECT pg_backend_pid() AS pid");
    await client.query("BEGIN");
    await client.query("INSERT INTO kept VALUES (1)");
    const sprung = between.resetAt("COMMIT", direction, when);
    await expect(client.query("COMMIT")).rejects.toThrow(/ECONNRESET|terminated/);
    await sprung;
    const count = async (sql: string) => (await direct.query(sql)).rows.length;
    await expect.poll(() => count(`SELECT 1 FROM pg_stat_activity WHERE pid = ${own[0]!.pid}`)).toBe(0);
    expect(await count("SELECT n FROM kept")).toBe(kept === "everything" ? 1 : 0);
  });

  test("goes with its folder when whoever made it is killed", async () => {
    const program = `
      const { postgresServer } = await import(${JSON.stringify(MODULE)});
      const { url } = await postgresServer();
      process.stdout.write(url);
      setInterval(() => {}, 1_000);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const url = await new Promise<string>((resolve) =>
      child.stdout.once("data", (text) => resolve(String(text))),
    );
    const { client } = await connected(url);
    const { rows } = await client.query("SHOW data_directory");
    const folder = rows[0]!.data_directory as string;
    const processes = (): string => execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8" });
    expect(processes()).toContain(folder);
    child.kill("SIGKILL");
    await expect
      .poll(() => existsSync(folder) || processes().includes(folder), { timeout: 10_000 })
      .toBe(false);
  });
});
