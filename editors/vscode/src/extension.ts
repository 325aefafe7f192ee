// Starts `shapelint server` and connects the editor to it; everything else is done there.

import { commands, type ExtensionContext, window, workspace } from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

async function start(): Promise<void> {
  const [command, ...args] = workspace.getConfiguration("shapelint").get<string[]>("command", ["shapelint", "server"]);
  const cwd = workspace.workspaceFolders?.[0]?.uri.fsPath;
  client = new LanguageClient(
    "shapelint",
    { command, args, options: { cwd } },
    { documentSelector: [{ language: "python" }, { language: "yaml" }] },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    window.showErrorMessage(`shapelint: ${command} does not start (${error}). Install it: pip install 'shapelint[lsp]'`);
  }
}

async function restart(): Promise<void> {
  await client?.stop();
  await start();
}

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand("shapelint.restart", restart),
    workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("shapelint") && restart()),
  );
  await start();
}

export function deactivate(): Promise<void> | undefined {
  return client?.stop();
}
