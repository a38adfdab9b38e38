import { extname } from 'node:path';

const inCheckout = extname(import.meta.url) === '.ts';

/** Says how a command is called here, such as `sandbox list`: in a checkout as an npm script. */
export function called(line: string): string {
  if (!inCheckout) return `npx daytona-proxy ${line}`;
  const [script = '', ...more] = line.split(' ');
  if (script === 'serve') return 'npm start';
  return ['npm run', script, ...(more.length > 0 ? ['--', ...more] : [])].join(' ');
}
