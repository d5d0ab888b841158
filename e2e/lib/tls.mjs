// A front with TLS for tests: passes everything on to the shop as a proxy in front of it would, with a certificate of its own.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as plain, request } from "node:http";
import { createServer as secure } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const listening = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));

/**
 * Listens on two ports: TLS, and one in the clear that only leads there. `shop()` is asked for `host:port` of the shop behind it at each
 * request. Answers `{http, https, cert, stop()}`: ports, and the certificate's file to trust.
 */
export async function front(shop) {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  await promisify(execFile)("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:files.localhost", "-keyout", key, "-out", cert]);
  const pass = (asked, answer) => {
    const [host, port] = shop().split(":");
    const onward = request({ host, port, method: asked.method, path: asked.url, headers: asked.headers }, (got) => (answer.writeHead(got.statusCode, got.headers), got.pipe(answer)));
    onward.on("error", () => answer.writeHead(502).end());
    asked.pipe(onward);
  };
  const tls = secure({ key: await readFile(key), cert: await readFile(cert) }, pass);
  const https = await listening(tls);
  const clear = plain((asked, answer) => answer.writeHead(301, { location: `https://localhost:${https}${asked.url}` }).end());
  const http = await listening(clear);
  const stop = async () => {
    for (const server of [tls, clear]) (server.closeAllConnections(), server.close());
    await rm(folder, { recursive: true, force: true });
  };
  return { http, https, cert, stop };
}
