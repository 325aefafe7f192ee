// Runs inside VS Code, as its own test runner calls it: what a person sees of the open config, and after the quick fix.

const assert = require("node:assert/strict");
const { writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { commands, languages, workspace, window } = require("vscode");

async function eventually(look) {
  for (let times = 0; times < 300; times++) {
    const seen = await look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail(`never seen: ${look}`);
}

async function look(folder) {
  const document = await workspace.openTextDocument(join(folder, "model.yaml"));
  const editor = await window.showTextDocument(document);
  const [fault] = await eventually(() => languages.getDiagnostics(document.uri).length && languages.getDiagnostics(document.uri));
  assert.equal(fault.code.value, "SL101");
  assert.match(fault.message, /^projection_head expects 512 features, but backbone produces 256/);
  assert.equal(document.getText(fault.range), "512");

  const [hover] = await commands.executeCommand("vscode.executeHoverProvider", document.uri, fault.range.start);
  assert.match(hover.contents[0].value, /\*\*projection_head\*\*/);
  const everything = document.validateRange(new (fault.range.constructor)(0, 0, 1000, 0));
  const hints = await commands.executeCommand("vscode.executeInlayHintProvider", document.uri, everything);
  assert.deepEqual(hints.map((hint) => hint.label), ["-> (B, 256)", "-> (B, 256)", "-> (B, 256)"]);
  const [lens] = await commands.executeCommand("vscode.executeCodeLensProvider", document.uri);
  assert.match(lens.command.title, /4 of 4 links checked/);

  const [fix] = await commands.executeCommand("vscode.executeCodeActionProvider", document.uri, fault.range);
  assert.ok(await workspace.applyEdit(fix.edit));
  assert.match(document.getText(), /BYOLProjectionHead\(256, 1024, 256\)/);
  await eventually(() => languages.getDiagnostics(document.uri).length === 0);
  assert.ok(editor.document.isDirty); // judged as typed, before it is saved
}

exports.run = async function run() {
  const folder = workspace.workspaceFolders[0].uri.fsPath;
  const error = await look(folder).then(() => "", (failure) => failure.stack);
  writeFileSync(join(folder, "result.json"), JSON.stringify({ error }));
};
