/* What a program inherits from whoever started it, cut down to what it needs. */
#ifndef POSTIGO_SYSTEM_ENVIRONMENT_H
#define POSTIGO_SYSTEM_ENVIRONMENT_H

/*
 * First act of the admin program: descriptors 0 to 2 open (to /dev/null), others closed,
 * environment reduced to what display needs (TERM, COLUMNS, LANG, LANGUAGE, LC_*, NO_COLOR,
 * SUDO_USER, DOAS_USER …), PATH fixed, umask 077, signals as by default and unblocked, SIGPIPE and
 * SIGXFSZ ignored. A value with a slash is dropped: LANGUAGE could name a catalogue of anybody's.
 * Ends the process with 4 when a missing descriptor cannot be opened.
 */
void environment_sanitise(void);

/* From here on this process leaves no core file, and nobody but root may look into its memory: call before it holds a secret. Children leave no core either. */
void environment_forbid_core(void);

#endif
