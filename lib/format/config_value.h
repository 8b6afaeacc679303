/* One value of a configuration between its three forms: JSON, default text, member of a struct. */
#ifndef POSTIGO_FORMAT_CONFIG_VALUE_H
#define POSTIGO_FORMAT_CONFIG_VALUE_H

#include "format/config.h"
#include "format/json.h"

/* Sets a field from a file's value. False when it has the wrong type or breaks the field's limits.
 */
must_check bool config_value_set(const struct config_field *field, const struct json *value,
	struct arena *arena, void *settings);

/* Sets a field to its default, which must be there. */
void config_value_set_initial(const struct config_field *field, struct arena *arena,
	void *settings);

/* What a field takes, as the end of "KEY must be …"; translated; in the arena. */
const char *config_value_wanted(const struct config_field *field, struct arena *arena);

#endif
