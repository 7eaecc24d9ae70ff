/** The proxy does to a plain server and its client what its methods are called. */
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Proxy, proxy } from "./proxy.js";

/* A server that says everything back, and notes what came and how it ended. */
async function setup() {
  const [came, ends, chunks]: [string[], string[], number[]] = [[], [], []];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on(
      "data",
      (bytes) => (came.push(bytes.toString()), chunks.push(bytes.length), socket.write(bytes)),
    );
    socket.on("error", ({ message }) => ends.push(message));
    socket.on("end", () => ends.push("end"));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const between = await proxy((server.address() as { port: number }).port);
  onTestFinished(async () => {
    await between.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { between, said: () => came.join(""), ends, chunks };
}

async function client({ port }: Proxy) {
  const heard: string[] = [];
  const ends: string[] = [];
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("data", (bytes) => heard.push(bytes.toString()));
  socket.on("error", (error) => ends.push((error as NodeJS.ErrnoException).code!));
  socket.on("end", () => ends.push("end"));
  await new Promise((resolve) => void socket.once("connect", resolve).once("error", resolve));
  return { socket, ends, heard: () => heard.join("") };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe("a proxy", () => {
  test("that is left alone carries both ways, and the end of both sides", async () => {
    const { between, said, ends } = await setup();
    const { socket, heard, ends: own } = await client(between);
    socket.end("hello");
    await until(() => own.length > 0);
    expect([said(), heard(), ends, own]).toEqual(["hello", "hello", ["end"], ["end"]]);
    await until(() => between.connections === 0);
  });

  test("resets every connection on both sides", async () => {
    const { between, said, ends } = await setup();
    const both = [await client(between), await client(between)];
    for (const { socket } of both) socket.write("x");
    await until(() => said() === "xx");
    between.reset();
    await until(() => ends.length === 2 && both.every((each) => each.ends.length === 1));
    expect(both.map((each) => each.ends[0])).toEqual(["ECONNRESET", "ECONNRESET"]);
    expect(ends).toEqual(["read ECONNRESET", "read ECONNRESET"]);
  });

  test.each([
    ["before", "toServer", "", ""],
    ["after", "toServer", "COMMIT", ""],
    ["before", "toClient", "COMMIT", ""],
    ["after", "toClient", "COMMIT", "COMMIT"],
  ] as const)("resets at a text, %s it has come %s", async (when, direction, atServer, atClient) => {
    const { between, said, ends } = await setup();
    const other = await client(between);
    const { socket, heard, ends: own } = await client(between);
    const sprung = between.resetAt("COMMIT", direction, when);
    socket.write("COMMIT");
    await sprung;
    await until(() => own.length > 0 && (ends.length > 0 || atServer === ""));
    expect([said(), heard()]).toEqual([atServer, atClient]);
    expect(["ECONNRESET", "end"]).toContain(own[0]); // Node 22 takes a reset right behind data for an end
    other.socket.write("goes on");
    await until(() => other.heard() === "goes on");
  });

  test("in a black hole lets nothing through, nobody's end either, and what it kept arrives when it is healed", async () => {
    const { between, said, ends } = await setup();
    const { socket, heard, ends: own } = await client(between);
    between.blackHole();
    socket.write("hello");
    const other = await client(between);
    other.socket.end("bye");
    await until(() => other.socket.writableFinished);
    await turns();
    expect([said(), heard(), ends, own]).toEqual(["", "", [], []]);
    await between.heal();
    await until(() => heard() === "hello" && other.heard() === "bye" && ends.length === 1);
    expect(own).toEqual([]);
  });

  test("refuses new connections while those there are go on, until it is healed", async () => {
    const { between } = await setup();
    const { socket, heard } = await client(between);
    socket.write("a");
    await until(() => heard() === "a");
    await between.refuse();
    expect((await client(between)).ends).toEqual(["ECONNREFUSED"]);
    socket.write("b");
    await until(() => heard() === "ab");
    const { port } = between;
    await between.heal();
    expect(between.port).toBe(port);
    expect((await client(between)).ends).toEqual([]);
  });

  test("turns new connections away and counts them, while those there are go on, until it is healed", async () => {
    const { between } = await setup();
    const { socket, heard } = await client(between);
    between.turnAway();
    const { ends } = await client(between);
    await until(() => ends.length > 0);
    expect([ends, between.asked]).toEqual([["ECONNRESET"], 2]);
    socket.write("a");
    await until(() => heard() === "a");
    await between.heal();
    expect((await client(between)).ends).toEqual([]);
  });

  test("resets at the last of several texts, on the connection that has carried the others", async () => {
    const { between, said } = await setup();
    const [other, { socket, heard, ends }] = [await client(between), await client(between)];
    const sprung = between.resetAt(["first", "COMMIT"], "toServer", "after");
    socket.write("first");
    await until(() => heard() === "first");
    other.socket.write("COMMIT");
    await until(() => other.heard() === "COMMIT");
    expect(ends).toEqual([]);
    socket.write("COMMIT");
    await sprung;
    await until(() => ends.length > 0);
    expect(said()).toBe("firstCOMMITCOMMIT");
  });

  test("is as late as it is told, and keeps the order whatever the jitter", async () => {
    const { between } = await setup();
    const { socket, heard } = await client(between);
    between.weather({ latencyMs: 30, jitterMs: 20 });
    const began = performance.now();
    const all = Array.from({ length: 50 }, (_, at) => `${at} `);
    for (const each of all) {
      socket.write(each);
      await turns();
    }
    await until(() => heard() === all.join(""));
    expect(performance.now() - began).toBeGreaterThanOrEqual(60); // there and back
  });

  test("hands on crumbs of at most so many bytes", async () => {
    const { between, chunks } = await setup();
    const { socket, heard } = await client(between);
    between.weather({ sliceBytes: 3 });
    socket.write("0123456789");
    await until(() => heard() === "0123456789");
    expect(chunks.length).toBeGreaterThan(1);
  });

  test("before a server that is not there resets", async () => {
    const gone = await proxy(1);
    onTestFinished(() => gone.close());
    const { ends } = await client(gone);
    await until(() => ends.length > 0);
    expect(ends).toEqual(["ECONNRESET"]);
  });
});

async function turns(): Promise<void> {
  for (let at = 0; at < 20; at++) await new Promise((resolve) => setImmediate(resolve));
}
