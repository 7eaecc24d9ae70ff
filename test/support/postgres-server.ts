/** A PostgreSQL of a test's own, in a folder of its own on a free port: to be killed, and started again. */
import { type ChildProcess, execFile, spawn, type SpawnOptions } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

export interface PostgresServer {
  readonly port: number;
  /** Its database `postgres`, whose owner needs no password. */
  readonly url: string;
  /** On the same folder and the same port as before. */
  start(): Promise<void>;
  /** SIGKILL for all of its processes; resolves when they are gone. */
  kill(): Promise<void>;
  /** The server and its folder go. So they do without it when this process ends, however it ends. */
  remove(): Promise<void>;
}

/** Why there can be no server here; undefined where there can. */
export function whyNoPostgres(): string | undefined {
  if (process.platform === "win32") return "not here, because a server is killed as Unix does it";
  if (binaries() === undefined)
    return "not here, because initdb and postgres are neither on the PATH nor in /usr/lib/postgresql/*/bin";
  if (process.getuid?.() === 0 && lowerUser() === undefined)
    return "not here, because we are root, PostgreSQL refuses to be, and there is no user postgres or nobody";
  return undefined;
}

/** A server that has started; `settings` are those of postgresql.conf, and its folder is made in `place`. */
export async function postgresServer(
  settings: Readonly<Record<string, string>> = {},
  place: string = tmpdir(),
): Promise<PostgresServer> {
  const why = whyNoPostgres();
  if (why !== undefined) throw new Error(`PostgreSQL is ${why}.`);
  const home = guardedFolder(place);
  await run("cp", ["-R", path.join(await template(), DATA), home.folder]);
  const server = new Server(home, await freePort(), settings);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.remove();
    throw error;
  }
}

const DATA = "data";
const READY = "database system is ready to accept connections";
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  dynamic_shared_memory_type: "mmap", // in the folder, so that it goes with it
  shared_buffers: "32MB",
  lc_messages: "C",
};

class Server implements PostgresServer {
  readonly port: number;
  readonly url: string;
  readonly #home: Home;
  readonly #settings: Readonly<Record<string, string>>;
  #postmaster: ChildProcess | undefined;

  constructor(home: Home, port: number, settings: Readonly<Record<string, string>>) {
    this.#home = home;
    this.port = port;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    this.#settings = { ...SETTINGS, ...settings };
  }

  async start(): Promise<void> {
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const places = ["-D", path.join(this.#home.folder, DATA), "-p", String(this.port)];
    const postmaster = launch("postgres", [...places, ...settings], this.#home.folder);
    this.#postmaster = postmaster;
    await ready(postmaster);
  }

  async kill(): Promise<void> {
    const postmaster = this.#postmaster;
    if (postmaster?.pid === undefined) return;
    this.#postmaster = undefined;
    if (postmaster.exitCode !== null || postmaster.signalCode !== null) return; // it has ended by itself
    const gone = ended(postmaster);
    postmaster.kill("SIGSTOP"); // it makes no more of them
    const all = (await processes()).filter(({ parent }) => parent === postmaster.pid).map(({ pid }) => pid);
    for (const pid of [...all, postmaster.pid]) killed(pid);
    await gone;
    while ((await processes()).some(({ pid, isOver }) => all.includes(pid) && !isOver));
  }

  remove(): Promise<void> {
    this.#postmaster = undefined;
    return this.#home.remove();
  }
}

/* Resolves when it takes connections; rejects with what it said, where it ends instead. */
async function ready(postmaster: ChildProcess): Promise<void> {
  let said = "";
  postmaster.stderr!.setEncoding("utf8");
  await new Promise<void>((resolve, reject) => {
    postmaster.stderr!.on("data", (text: string) => {
      said = (said + text).slice(-4_000);
      if (said.includes(READY)) resolve();
    });
    postmaster.once("exit", () => reject(new Error(`PostgreSQL did not start:\n${said}`)));
    postmaster.once("error", reject);
  });
  postmaster.removeAllListeners("exit");
  unref(postmaster, postmaster.stderr!);
}

function ended(child: ChildProcess): Promise<void> {
  child.ref();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

function killed(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Every process of the machine; one that is over may still be listed, where nobody has asked how it ended. */
async function processes(): Promise<{ pid: number; parent: number; isOver: boolean }[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,stat="]);
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, state]) => ({
      pid: Number(pid),
      parent: Number(parent),
      isOver: state?.startsWith("Z") ?? true,
    }));
}

// ── Folders that go with this process ───────────────────────────────────────────────────────────────────────────

interface Home {
  readonly folder: string;
  remove(): Promise<void>;
}

/*
 * Reads until this process closes the pipe, which the system does for one that is killed; then ends the server of the
 * folder, if it has one, with its shared memory, and removes the folder.
 */
const GUARD = `
  cat >/dev/null
  file="$1/${DATA}/postmaster.pid"
  if [ -f "$file" ]; then
    pid=$(head -n 1 "$file")
    case "$(ps -o args= -p "$pid")" in *"$1"*) kill -QUIT "$pid" ;; esac
    while ps -o stat=,args= -p "$pid" | grep -v '^Z' | grep -q "$1"; do sleep 0.05; done
    [ ! -f "$file" ] || ipcrm -m $(sed -n 7p "$file" | awk '{ print $2 }') 2>/dev/null
  fi
  rm -rf "$1"
`;

function guardedFolder(place: string = tmpdir()): Home {
  const folder = mkdtempSync(path.join(place, "signalbox-postgres-"));
  const user = lowerUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const options: SpawnOptions = { stdio: ["pipe", "ignore", "ignore"], detached: true };
  const guard = spawn("sh", ["-c", GUARD, "guard", folder], { ...asUser(tmpdir()), ...options });
  unref(guard, guard.stdin!);
  const remove = async (): Promise<void> => {
    const gone = ended(guard);
    guard.stdin!.end();
    await gone;
  };
  return { folder, remove };
}

let made: Promise<string> | undefined;

/* What `initdb` makes takes a second, a copy of it does not. */
function template(): Promise<string> {
  made ??= (async () => {
    const { folder } = guardedFolder();
    const how = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    await run("initdb", ["-D", path.join(folder, DATA), ...how]);
    return folder;
  })();
  return made;
}

// ── Programs ────────────────────────────────────────────────────────────────────────────────────────────────────

function launch(program: string, args: readonly string[], folder: string): ChildProcess {
  const file = path.join(binaries()!, program);
  const options: SpawnOptions = { stdio: ["ignore", "ignore", "pipe"], detached: true };
  return spawn(file, args, { ...asUser(folder), ...options });
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const own = path.join(binaries()!, program);
  await promisify(execFile)(existsSync(own) ? own : program, [...args], asUser(tmpdir()));
}

/* Root gives way to another user; nothing of the environment changes what a server or a client does. */
function asUser(cwd: string): SpawnOptions {
  const env = { PATH: process.env["PATH"], LC_ALL: "C", HOME: cwd };
  return { cwd, env, ...lowerUser() };
}

/** Who runs the servers of root. */
export function lowerUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  const found = ["postgres", "nobody"]
    .map((name) => users.find((line) => line.startsWith(`${name}:`)))
    .find((line) => line !== undefined);
  const [, , uid, gid] = found?.split(":") ?? [];
  return found === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

const INSTALLED = "/usr/lib/postgresql";

function binaries(): string | undefined {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a));
  const onPath = (process.env["PATH"] ?? "").split(path.delimiter);
  const folders = [...onPath, ...newestFirst.map((version) => path.join(INSTALLED, version, "bin"))];
  const isThere = (folder: string): boolean =>
    ["initdb", "postgres"].every((name) => existsSync(path.join(folder, name)));
  return folders.find((folder) => folder !== "" && isThere(folder));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

function unref(child: ChildProcess, pipe: unknown): void {
  child.unref();
  (pipe as { unref(): void }).unref();
}
