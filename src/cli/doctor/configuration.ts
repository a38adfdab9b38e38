import { ConfigError } from '../../config/config.ts';
import { tlsFiles } from '../../config/tlsVariables.ts';
import { variables } from '../../config/variables.ts';
import { readCertificate } from '../../tls/certificateFiles.ts';
import type { Examination } from './examination.ts';
import { type Check, type Finding, failed, ok } from './finding.ts';

/** Whether the proxy would start with what is set here. */
export const configurationCheck: Check = {
  name: 'configuration',
  find: async (exam: Examination): Promise<Finding> => {
    try {
      const { config } = exam.cli;
      const files = tlsFiles(config);
      if (files) await readCertificate(files);
      const open = [
        config.PROXY_DOMAIN.length === 0 && 'PROXY_DOMAIN is not set: any domain is served',
        config.ACCESS_MODE === 'open' &&
          'ACCESS_MODE=open: whoever knows a sandbox’s address gets in',
        config.COOKIE_SECRET.length === 0 && 'no COOKIE_SECRET: a restart ends all sessions',
      ].filter((sentence) => sentence !== false);
      const note = open.length > 0 ? ` (${open.join('; ')})` : '';
      return ok(`all ${Object.keys(variables).length} variables are right${note}`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const [first = '', ...rest] = error.message.split('\n');
      const fix = rest.map((line) => line.trim()).filter((line) => line !== '');
      return failed(first, fix);
    }
  },
};
