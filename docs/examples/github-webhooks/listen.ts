// A server on loopback, on a port that the system chooses; closed by leaving the block of its `await using`.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Listening extends AsyncDisposable {
  readonly url: string;
}

type Answering = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Whoever is answered by an error finds the connection closed. */
export async function listen(answering: Answering): Promise<Listening> {
  const server = createServer((request, response) => {
    answering(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((listening, failed) => {
    server.once("error", failed).listen(0, "127.0.0.1", listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections(); // the client keeps its connections alive
      await closed;
    },
  };
}
