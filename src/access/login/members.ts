import type { LabelPolicy } from '../policy.ts';
import type { Person } from './provider.ts';

export interface MemberRules {
  readonly emails: ReadonlySet<string>;
  readonly domains: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly labels: LabelPolicy;
}

type Known = Pick<Person, 'subject' | 'email' | 'groups'>;

/** True for whom the operator's lists name. */
export function isListed({ emails, domains, groups }: MemberRules, person: Known): boolean {
  const { email } = person;
  if (email !== undefined) {
    if (emails.has(email) || domains.has(email.slice(email.lastIndexOf('@') + 1))) return true;
  }
  return person.groups.some((name) => groups.has(name));
}

/**
 * Decides on a person of a provider of the operator's own. An owner label lets in its owner alone;
 * unless labels may loosen, the owner has to be on the operator's lists too.
 */
export function mayEnter(rules: MemberRules, person: Known, owner: string | undefined): boolean {
  if (owner === undefined || rules.labels === 'off') return isListed(rules, person);
  return isOwner(person, owner) && (rules.labels === 'full' || isListed(rules, person));
}

/** True for the e-mail address, in any case, or the subject that a label names. */
export function isOwner({ subject, email }: Known, owner: string): boolean {
  return subject === owner || email === owner.toLowerCase();
}
