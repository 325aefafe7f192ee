// The compiled extension in a whole VS Code: that of code-server, shown by a headless Chromium. Skipped where either is missing.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const EXTENSION = fileURLToPath(new URL("..", import.meta.url));
const CONFIG = `backbone: {target: yolov8n.Backbone, out_dim: 256}
projection_head: BYOLProjectionHead(512, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
`;
const SHAPELINT = spawnSync("sh", ["-c", "command -v shapelint"], { encoding: "utf-8" }).stdout.trim();
const SETTINGS = { "shapelint.command": [SHAPELINT, "server"], "security.workspace.trust.enabled": false };
const LONGEST = 180_000;

const runs = (program) => spawnSync(program, ["--version"]).status === 0;
const missing =
  ["code-server", "chromium", "shapelint"].find((program) => !runs(program)) ??
  (existsSync(join(EXTENSION, "dist/extension.js")) ? undefined : "dist/extension.js (npm run compile)");

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function until(seen) {
  for (const end = Date.now() + LONGEST; Date.now() < end; ) {
    if (await seen()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail(`not within ${LONGEST / 1000} s: ${seen}`);
}

test("VS Code underlines, explains and repairs a wrong width", { skip: missing && `no ${missing}` }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "shapelint-"));
  const work = join(folder, "work");
  for (const name of [work, join(folder, "data/User")]) mkdirSync(name, { recursive: true });
  writeFileSync(join(work, "model.yaml"), CONFIG);
  writeFileSync(join(folder, "data/User/settings.json"), JSON.stringify(SETTINGS));

  const address = `127.0.0.1:${await freePort()}`;
  const of = (name) => ["--user-data-dir", join(folder, "data"), "--extensions-dir", join(folder, name)];
  const quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check"];
  const server = spawn("code-server", [...of("extensions"), ...quiet, "--bind-addr", address], { stdio: "ignore" });
  await until(() => fetch(`http://${address}/healthz`).then((answer) => answer.ok, () => false));

  const payload = JSON.stringify([
    ["extensionDevelopmentPath", `vscode-remote://${address}${EXTENSION}`],
    ["extensionTestsPath", `vscode-remote://${address}${join(EXTENSION, "test/in_editor.cjs")}`],
  ]);
  const page = `http://${address}/?${new URLSearchParams({ folder: work, payload })}`;
  const options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
  const profile = `--user-data-dir=${join(folder, "profile")}`;
  const browser = spawn("chromium", [...options, profile, "--remote-debugging-port=0", page], { stdio: "ignore" });
  try {
    await until(() => existsSync(join(work, "result.json")));
    assert.equal(JSON.parse(readFileSync(join(work, "result.json"), "utf-8")).error, "");
  } finally {
    browser.kill();
    server.kill();
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
