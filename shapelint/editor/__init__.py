"""The language server: what an editor shows of a report while a file is typed. Needs the extra `lsp`."""
