/** Conditions before an attempt, and hooks around it. */
export type HookKind = 'when' | 'skip' | 'before' | 'after' | 'onSuccess' | 'onFailure';
