/*
 * Marks texts for people, so that gettext can translate them.
 *
 * _("text") translates now; N_("text") only marks a text in a table, to be passed through _() when it
 * is shown. JSON keys, verbs, options, error names and log lines are never translated.
 */
#ifndef POSTIGO_BASE_MESSAGE_H
#define POSTIGO_BASE_MESSAGE_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) (text)

#endif
