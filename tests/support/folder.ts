import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** The name of everything below a folder, with what is in it: a file’s text, where a link leads. */
export const contentsOf = (folder: string): [string, string][] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const found = lstatSync(path);
      if (found.isDirectory()) return [name, 'a folder'];
      const text = found.isSymbolicLink() ? `→ ${readlinkSync(path)}` : readFileSync(path, 'utf8');
      return [name, text];
    });
