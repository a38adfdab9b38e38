import type { ClientRequest } from './requestCase.ts';
import { chunks } from './requestChunks.ts';
import { fields } from './requestFields.ts';
import { framing } from './requestFraming.ts';
import { hostFields } from './requestHosts.ts';
import { requestLines } from './requestLines.ts';
import { pipelines } from './requestPipelines.ts';
import { sizes } from './requestSizes.ts';
import { upgrades } from './requestUpgrades.ts';

/** Every hostile request that this proxy is tested with, directly and behind a front proxy. */
export const clientRequests: readonly ClientRequest[] = [
  ...framing,
  ...chunks,
  ...hostFields,
  ...requestLines,
  ...fields,
  ...sizes,
  ...upgrades,
  ...pipelines,
];
