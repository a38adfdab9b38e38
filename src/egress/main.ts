import { explainStartError } from '../lifecycle/startError.ts';
import { runEgress } from './runEgress.ts';

try {
  await runEgress();
} catch (error) {
  console.error(explainStartError(error, 'EGRESS_'));
  process.exit(1);
}
