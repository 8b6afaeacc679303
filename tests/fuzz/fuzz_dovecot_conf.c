/* What doveconf prints, or something in its place: every setting has its section, and what is shown
 * of it passes the mask. */
#include "format/dovecot_conf.h"
#include "format/secret_mask.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void insist(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	struct dovecot_conf conf;

	dovecot_conf_parse((const char *)bytes, length, &arena, &conf);
	insist(conf.version != NULL);
	for (size_t i = 0; i < conf.count; i++) {
		const struct dovecot_setting *setting = &conf.items[i];
		const char *login = arena_printf(&arena, "password=%s", setting->value);

		insist((setting->block == 0) == (*setting->section == '\0') || setting->block > 0);
		insist(!strchr(setting->value, '\n'));
		insist(dovecot_conf_get(&conf, setting->section, setting->key) != NULL);
		insist(strcmp(secret_mask_value("args", login, &arena), "password***") == 0);
		insist(secret_mask_text(setting->value, &arena) != NULL);
	}
	return 0;
}
