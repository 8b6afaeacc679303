/* What a program inherits from whoever started it, cut down to what it needs. */
#ifndef POSTIGO_SYSTEM_ENVIRONMENT_H
#define POSTIGO_SYSTEM_ENVIRONMENT_H

/*
 * First act of the admin program: descriptors 0 to 2 open, others closed, environment reduced to what display needs (TERM, COLUMNS,
 * LANG, LANGUAGE, LC_*, NO_COLOR, SUDO_USER, DOAS_USER …), PATH fixed, umask 077, SIGPIPE ignored.
 */
void environment_sanitise(void);

#endif
