#include "service/installation_private.h"

#include "base/message.h"
#include "format/domain_name.h"
#include "format/email_fault.h"
#include "system/atomic_file.h"
#include "system/configuration_files.h"

#include <string.h>

#define CONFIGURATION_NAME "postigo.json"

/* The first configuration: what most servers change, with its defaults. */
static const char first_configuration[] =
	"// What postigo does on this server. Every setting: man 5 postigo.json\n"
	"// After a change: postigo-admin config check\n"
	"{\n"
	"\t// The domain of the members' addresses.\n"
	"\t\"domain\": \"%s\",\n"
	"\n"
	"\t// The language of texts where a person's own is not known, such as \"pt_BR\".\n"
	"\t\"language\": \"\",\n"
	"\n"
	"\t\"members\": {\n"
	"\t\t// Who is in this group may ask for an alias. It gives no other right.\n"
	"\t\t\"group\": \"members\"\n"
	"\t},\n"
	"\n"
	"\t\"policy\": {\n"
	"\t\t// To how many addresses one alias may forward (at most 5).\n"
	"\t\t\"max_destinations\": 1,\n"
	"\t\t// How long a member waits after a rejection.\n"
	"\t\t\"cooldown_after_reject\": \"1h\",\n"
	"\t\t// Further names that no member may have as an address, such as \"info\".\n"
	"\t\t\"reserved_add\": []\n"
	"\t},\n"
	"\n"
	"\t\"sync\": {\n"
	"\t\t// Whether approving makes the alias work at once.\n"
	"\t\t\"after_approve\": true,\n"
	"\t\t// The map for virtual_alias_maps in main.cf, and its type: auto, lmdb, hash, cdb, "
	"texthash.\n"
	"\t\t\"path\": \"/etc/postfix/postigo-aliases\",\n"
	"\t\t\"type\": \"auto\"\n"
	"\t}\n"
	"}\n";

static bool read_domain(const char *text, struct arena *arena, const char **ret_domain,
	struct error *err)
{
	const char *address = arena_printf(arena, "postmaster@%s", text);
	enum email_fault fault;

	if (!email_address_to_ascii(address, arena, &address, err)) {
		err->code = ERROR_CONFIG;
		return error_field(err, "domain");
	}
	fault = email_domain_check(email_address_domain(address));
	if (fault == EMAIL_OK) {
		*ret_domain = email_address_domain(address);
		return true;
	}
	error_set(err, ERROR_CONFIG, _("\"%s\" cannot be the domain of the aliases"), text);
	error_why(err, "%s", email_fault_text(fault));
	return error_field(err, "domain");
}

static const char *configuration_path(const struct installation *installation)
{
	const struct installation_request *request = installation->request;

	return request->config_file ? request->config_file
				    : arena_printf(installation->arena, "%s/%s", request->config_directory,
					      CONFIGURATION_NAME);
}

static bool require_domain(const struct installation *installation, const char *domain,
	struct error *err)
{
	if (!domain || strcmp(domain, installation->settings.domain) == 0)
		return true;
	error_set(err, ERROR_CONFIG, _("the aliases of this server are in %s, not in %s"),
		installation->settings.domain, domain);
	error_why(err, _("%s says so"), configuration_path(installation));
	return error_fix(err,
		_("change the setting \"domain\" there, and run setup without --domain"));
}

static bool write_first(struct installation *installation, int directory, const char *text,
	struct error *err)
{
	const struct atomic_file_settings settings = {.mode = 0644};

	installation_act(installation, _("write a first configuration for %s to %s/%s"),
		installation->settings.domain, installation->request->config_directory,
		CONFIGURATION_NAME);
	return installation->request->dry_run || atomic_file_replace(directory, CONFIGURATION_NAME,
							 &settings, text, strlen(text), err);
}

/* Makes both directories; `text` is what postigo.json has to say, NULL = it is there. */
static bool make_files(struct installation *installation, const char *text, struct error *err)
{
	const char *path = installation->request->config_directory;
	struct directory_plan top = {.path = path, .mode = 0755, .group = "root"};
	const struct directory_plan parts = {
		.name = "conf.d",
		.path = arena_printf(installation->arena, "%s/conf.d", path),
		.mode = 0755,
		.group = "root",
	};
	int parent cleanup_close = -1;
	int directory cleanup_close = -1;
	int parts_fd cleanup_close = -1;

	return installation_open_parent(installation, path, &parent, &top.name, err) &&
	       installation_directory(installation, parent, &top, &directory, err) &&
	       installation_directory(installation, directory, &parts, &parts_fd, err) &&
	       (!text || write_first(installation, directory, text, err));
}

static bool load_first(struct installation *installation, const char *domain, const char **ret_text,
	struct error *err)
{
	struct source_text source = {.path = CONFIGURATION_NAME};

	if (!domain) {
		error_set(err, ERROR_CONFIG, _("the domain of the aliases is not known"));
		error_why(err, _("there is no %s/%s yet"), installation->request->config_directory,
			CONFIGURATION_NAME);
		return error_fix(err, "postigo-admin setup --domain club.example");
	}
	source.text = arena_printf(installation->arena, first_configuration, domain);
	source.length = strlen(source.text);
	if (!settings_load(&source, 1, installation->arena, &installation->settings, NULL, err))
		return false;
	*ret_text = source.text;
	return true;
}

bool installation_configure(struct installation *installation, struct error *err)
{
	const struct installation_request *request = installation->request;
	struct source_text *sources;
	const char *domain = NULL;
	const char *text = NULL;
	size_t count;

	if (request->domain && !read_domain(request->domain, installation->arena, &domain, err))
		return false;
	switch (configuration_files_read(request->config_directory, request->config_file,
		installation->arena, &sources, &count, err)) {
	case LOOKUP_FAILED:
		return false;
	case LOOKUP_FOUND:
		if (!settings_load(sources, count, installation->arena, &installation->settings,
			    NULL, err) ||
			!require_domain(installation, domain, err))
			return false;
		break;
	case LOOKUP_NOT_FOUND:
		if (!load_first(installation, domain, &text, err))
			return false;
		break;
	}
	return request->config_file || make_files(installation, text, err);
}
