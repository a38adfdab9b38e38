import type { SandboxAnswer } from './answerCase.ts';
import { fields } from './answerFields.ts';
import { framing } from './answerFraming.ts';
import { statusLines } from './answerStatusLines.ts';
import { switches } from './answerSwitches.ts';

/** Every hostile answer of a sandbox that this proxy is tested with. */
export const sandboxAnswers: readonly SandboxAnswer[] = [
  ...statusLines,
  ...fields,
  ...framing,
  ...switches,
];
