/** Conditions before an attempt, and hooks around it. */
export const HOOK_KINDS = ['when', 'skip', 'before', 'after', 'onSuccess', 'onFailure'] as const;

export type HookKind = (typeof HOOK_KINDS)[number];
