const voids = new Set(['meta', 'img', 'br', 'link', 'input']);

/** A document's tags in their order, with what is in their attributes; `/name` for an end tag. */
export function tagsOf(html: string): string[] {
  const markup = html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '<$1></$1>');
  return [...markup.matchAll(/<(\/?[a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)>/g)].map(
    ([, name = '', attributes = '']) => name + attributes.replace(/"[^"]*"/g, '""'),
  );
}

/** What is wrong with a document's nesting; undefined where nothing is. */
export function nestingProblem(html: string): string | undefined {
  const open: string[] = [];
  for (const tag of tagsOf(html)) {
    const [name = ''] = tag.split(/\s/, 1);
    if (name.startsWith('/')) {
      const last = open.pop();
      if (`/${last}` !== name) return `<${name}> ends <${last}>`;
    } else if (!voids.has(name)) open.push(name);
  }
  return open.length === 0 ? undefined : `<${open.join('> <')}> is never ended`;
}

/** A document's text as a reader has it. */
export function textOf(html: string): string {
  return html
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^<>]*>/g, '')
    .replace(/&#(\d+);/g, (_all, code) => String.fromCharCode(Number(code)));
}
