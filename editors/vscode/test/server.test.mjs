// The server that the manifest names, spoken to with the protocol library of VS Code; and the packaged extension.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const protocol = require("vscode-languageserver-protocol/node");
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf-8"));
const CONFIG = `backbone: {target: yolov8n.Backbone, out_dim: 256}
projection_head: BYOLProjectionHead(512, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
`;

test("the server of the manifest underlines a wrong width and repairs it", async () => {
  const [command, ...args] = manifest.contributes.configuration.properties["shapelint.command"].default;
  const server = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const connection = protocol.createProtocolConnection(
    new protocol.StreamMessageReader(server.stdout),
    new protocol.StreamMessageWriter(server.stdin),
  );
  const published = new Promise((resolve) =>
    connection.onNotification(protocol.PublishDiagnosticsNotification.type, resolve),
  );
  connection.listen();
  const uri = pathToFileURL(join(mkdtempSync(join(tmpdir(), "shapelint-")), "model.yaml")).href;
  const { capabilities } = await connection.sendRequest(protocol.InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    capabilities: { notebookDocument: { synchronization: {} } },
  });
  assert.ok(capabilities.inlayHintProvider && capabilities.hoverProvider && capabilities.notebookDocumentSync);
  await connection.sendNotification(protocol.InitializedNotification.type, {});
  await connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "yaml", version: 1, text: CONFIG },
  });
  const { diagnostics } = await published;
  assert.deepEqual(diagnostics.map((one) => one.code), ["SL101"]);
  const [fix] = await connection.sendRequest(protocol.CodeActionRequest.type, {
    textDocument: { uri },
    range: diagnostics[0].range,
    context: { diagnostics },
  });
  assert.equal(fix.edit.changes[uri][0].newText, "256");
  await connection.sendRequest(protocol.ShutdownRequest.type);
  await connection.sendNotification(protocol.ExitNotification.type);
  connection.dispose();
  server.kill();
});

test("the package holds the compiled extension", { skip: !existsSync("shapelint-0.1.0.vsix") }, () => {
  const listed = execFileSync("npx", ["vsce", "ls", "--no-dependencies"], { encoding: "utf-8" });
  for (const name of ["dist/extension.js", "package.json", "LICENSE"]) assert.match(listed, new RegExp(name));
  assert.doesNotMatch(listed, /src|node_modules|test/);
});
