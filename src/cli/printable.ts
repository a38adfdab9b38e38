/**
 * What a terminal takes for an order and not for text: control characters, which set its title,
 * clear it or answer in the place of its user; and marks that turn the direction of text.
 */
const orders = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Text of strangers (logs, names, labels) for a terminal: with its lines, and without orders. */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(orders, (char) => (char === '\n' || char === '\t' ? char : escaped(char)));
}

/** The same for what stands beside other things, which more lines would counterfeit. */
export function oneLine(text: string): string {
  return text.replace(orders, escaped);
}

/** JSON for a terminal or a program, which is the same to both: what is escaped stays itself. */
export function printableJson(value: object): string {
  return JSON.stringify(value).replace(orders, escaped);
}

/** Writes as it is into files and pipes, and to a terminal what it may see. */
export function write(stream: NodeJS.WriteStream, text: string): void {
  stream.write(stream.isTTY ? printable(text) : text);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
