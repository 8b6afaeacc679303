#include "stack_picture.h"

#include "base/message.h"
#include "cli/language.h"
#include "format/printable.h"
#include "format/secret_mask.h"
#include "service/postfix_table.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <unistr.h>
#include <uniwidth.h>

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40
#define WIDTH_MAX 120
#define LABEL_WIDTH 16 /* columns */

#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

/* Where lines of the picture begin. */
struct pen {
	const char *stem;
	const char *branch;
	const char *last_branch;
	const char *beside;
	const char *beside_last;
};

static const struct pen utf8_pen = {"  \u2502", "  \u251c\u2500\u25b6 ", "  \u2514\u2500\u25b6 ",
	"  \u2502   ", "      "};
static const struct pen ascii_pen = {"  |", "  +-> ", "  +-> ", "  |   ", "      "};

struct picture {
	struct admin *admin;
	const struct mail_stack *stack;
	const struct stack_instance *instance;
	const struct pen *pen;
	const char *beside; /* in front of what belongs to the present branch */
	int width;
};

static int columns_of(const char *text)
{
	return u8_strwidth((const uint8_t *)text, "UTF-8");
}

static int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_MIN   ? WIDTH_MIN
	       : size.ws_col > WIDTH_MAX ? WIDTH_MAX
					 : size.ws_col;
}

/* Prints `text` behind a label, cut at blanks where the terminal ends. */
static void say_labelled(const struct picture *picture, const char *front, const char *label,
	const char *text)
{
	struct arena *arena = &picture->admin->arena;
	int room = picture->width - columns_of(front) - LABEL_WIDTH;
	struct string_list words = STRING_LIST_INIT;
	const char *line = "";
	int gap = LABEL_WIDTH - columns_of(label);

	string_list_split(&words, arena, printable_text(text, arena), " ");
	for (size_t i = 0; i < words.count; i++) {
		if (*line && columns_of(line) + 1 + columns_of(words.items[i]) > room) {
			output_say(&picture->admin->output, "%s%s%*s%s", front, label,
				gap > 0 ? gap : 1, "", line);
			front = picture->beside;
			label = "";
			gap = LABEL_WIDTH;
			line = "";
		}
		line = arena_printf(arena, "%s%s%s", line, *line ? " " : "", words.items[i]);
	}
	output_say(&picture->admin->output, "%s%s%*s%s", front, label, gap > 0 ? gap : 1, "", line);
}

/* Adds the items of a parameter that are not in the list yet. */
static void add_items(const struct picture *picture, const char *name, struct string_list *list)
{
	struct arena *arena = &picture->admin->arena;
	struct string_list items = STRING_LIST_INIT;

	postfix_list_split(&items, arena, stack_value(picture->instance, name));
	for (size_t i = 0; i < items.count; i++) {
		if (!string_list_contains(list, items.items[i]))
			string_list_add(list, arena, items.items[i]);
	}
}

/* A parameter as a list to be read, without secrets. */
static const char *shown(const struct picture *picture, const char *name)
{
	struct arena *arena = &picture->admin->arena;
	struct string_list items = STRING_LIST_INIT;

	add_items(picture, name, &items);
	return secret_mask_value(name, string_list_join(&items, arena, ", "), arena);
}

/* ---------------------------------------------------------------- what comes in */

static const char *ways_in(const struct picture *picture)
{
	struct arena *arena = &picture->admin->arena;
	const struct postfix_master_cf *services = &picture->instance->services;
	struct string_list ways = STRING_LIST_INIT;

	for (size_t i = 0; i < services->count; i++) {
		const struct postfix_service *service = &services->items[i];

		if (strcmp(service->type, "inet") == 0)
			string_list_add(&ways, arena,
				arena_printf(arena, "%s (%s)", service->name, service->command));
	}
	if (postfix_master_cf_find(services, "pickup", NULL))
		string_list_add(&ways, arena, _("programs of this machine (pickup)"));
	return ways.count > 0 ? string_list_join(&ways, arena, ", ")
			      : _("nothing: master.cf has no service for it");
}

static void say_entrance(const struct picture *picture)
{
	const char *filters = shown(picture, "smtpd_milters");
	const char *content = shown(picture, "content_filter");

	say_labelled(picture, "  ", _("comes in by"), ways_in(picture));
	say_labelled(picture, "  ", _("trusted from"), shown(picture, "mynetworks"));
	if (*filters)
		say_labelled(picture, "  ", _("filtered by"), filters);
	if (*content)
		say_labelled(picture, "  ", _("filtered by"), content);
	output_say(&picture->admin->output, "%s", picture->pen->stem);
}

/* ---------------------------------------------------------------- where it goes */

struct route {
	const char *what; /* N_() */
	const char *domains;
	const char *tables[2];
	const char *transport; /* parameter; NULL = see `after` */
	const char *after;     /* N_() */
};

/* The order in which Postfix decides. */
static const struct route routes[] = {
	{N_("aliases of"), "virtual_alias_domains", {"virtual_alias_maps", NULL}, NULL,
		N_("the address behind the alias, and from there like any other")},
	{N_("accounts of"), "mydestination", {"alias_maps", "local_recipient_maps"},
		"local_transport", NULL},
	{N_("mailboxes of"), "virtual_mailbox_domains", {"virtual_mailbox_maps", NULL},
		"virtual_transport", NULL},
	{N_("relayed for"), "relay_domains", {"relay_recipient_maps", NULL}, "relay_transport",
		NULL},
};

/* "local:$myhostname" says no more than "local"; a mailbox_transport takes local mail over. */
static const char *delivery_of(const struct picture *picture, const struct route *route)
{
	struct arena *arena = &picture->admin->arena;
	const char *transport = shown(picture, route->transport);
	const char *takes_over = strcmp(route->transport, "local_transport") == 0
					 ? shown(picture, "mailbox_transport")
					 : "";
	const char *base = shown(picture, "virtual_mailbox_base");

	if (*takes_over)
		return takes_over;
	if (strncmp(transport, "local:", 6) == 0)
		return "local";
	if (strcmp(transport, "virtual") == 0 && *base)
		return arena_printf(arena, _("virtual, below %s"), base);
	return transport;
}

static void say_tables(const struct picture *picture, const struct route *route)
{
	struct arena *arena = &picture->admin->arena;
	struct string_list tables = STRING_LIST_INIT;

	for (size_t i = 0; i < ARRAY_LENGTH(route->tables) && route->tables[i]; i++)
		add_items(picture, route->tables[i], &tables);
	say_labelled(picture, picture->beside, _("answered by"),
		tables.count > 0 ? secret_mask_value(route->tables[0],
					   string_list_join(&tables, arena, ", "), arena)
				 : _("no table"));
}

static void say_route(struct picture *picture, const struct route *route)
{
	const char *domains = shown(picture, route->domains);

	if (!*domains)
		return;
	picture->beside = picture->pen->beside;
	say_labelled(picture, picture->pen->branch, _(route->what), domains);
	say_tables(picture, route);
	if (route->transport)
		say_labelled(picture, picture->beside, _("delivered by"),
			delivery_of(picture, route));
	else
		say_labelled(picture, picture->beside, _("goes on to"), _(route->after));
	output_say(&picture->admin->output, "%s", picture->pen->stem);
}

static void say_rest(struct picture *picture)
{
	const char *host = shown(picture, "relayhost");
	const char *transports = shown(picture, "transport_maps");

	picture->beside = picture->pen->beside_last;
	say_labelled(picture, picture->pen->last_branch, _("all the rest"),
		_("from trusted senders only"));
	if (*transports)
		say_labelled(picture, picture->beside, _("answered by"), transports);
	say_labelled(picture, picture->beside, _("delivered by"),
		*host ? arena_printf(&picture->admin->arena, _("%s, which passes it on"), host)
		      : arena_printf(&picture->admin->arena, _("%s, to the server that DNS names"),
				shown(picture, "default_transport")));
	output_say(&picture->admin->output, "%s", "");
}

/* virtual_alias_maps rewrites every address, not only those of alias domains. */
static void say_rewriting(struct picture *picture)
{
	const char *maps = shown(picture, "virtual_alias_maps");

	if (*shown(picture, "virtual_alias_domains") || !*maps)
		return;
	picture->beside = picture->pen->beside;
	say_labelled(picture, picture->pen->branch, _("aliases of"), _("all domains below"));
	say_labelled(picture, picture->beside, _("answered by"), maps);
	output_say(&picture->admin->output, "%s", picture->pen->stem);
}

static const char *status_word(const struct stack_instance *instance)
{
	const char *status = json_get_text(instance->json, "status");

	if (!status || strcmp(status, "ok") != 0)
		return status && strcmp(status, "timeout") == 0 ? _("does not answer")
								: _("cannot be asked");
	if (!json_get(instance->json, "running"))
		return _("whether it runs is not known");
	return instance->running ? _("runs") : _("does not run");
}

static void say_instance(struct picture *picture)
{
	const struct stack_instance *instance = picture->instance;
	struct output *output = &picture->admin->output;
	const char *name = stack_value(instance, "myhostname");
	const char *color = !output->color ? "" : instance->running ? GREEN : RED;

	output_say(output, _("Postfix %s%s%s in %s: %s"), stack_value(instance, "mail_version"),
		*name ? " " : "", printable_text(name, &picture->admin->arena),
		instance->config_directory,
		arena_printf(&picture->admin->arena, "%s%s%s", color, status_word(instance),
			*color ? PLAIN : ""));
	output_say(output, "%s", "");
	picture->beside = "  ";
	if (!instance->values) {
		say_labelled(picture, "  ", _("comes in by"), ways_in(picture));
		output_say(output, "%s", "");
		return;
	}
	say_entrance(picture);
	say_rewriting(picture);
	for (size_t i = 0; i < ARRAY_LENGTH(routes); i++)
		say_route(picture, &routes[i]);
	say_rest(picture);
}

/* ---------------------------------------------------------------- neighbours */

static const char *text_of(const struct json *object, const char *key)
{
	const char *text = json_get_text(object, key);

	return text ? text : "";
}

/* The values of one member of all items, joined. */
static const char *joined(struct arena *arena, const struct json *array, const char *key)
{
	struct string_list words = STRING_LIST_INIT;

	for (const struct json *item = json_first(array); item; item = json_next(item)) {
		const char *word = key ? json_get_text(item, key) : json_text(item);

		if (word && !string_list_contains(&words, word))
			string_list_add(&words, arena, word);
	}
	return string_list_join(&words, arena, ", ");
}

static void say_dovecot(const struct picture *picture)
{
	const struct json *dovecot = json_get(picture->stack->sections, "dovecot");
	struct arena *arena = &picture->admin->arena;
	const char *status = text_of(dovecot, "status");

	if (!dovecot || strcmp(status, "missing") == 0)
		return;
	if (strcmp(status, "ok") != 0) {
		say_labelled(picture, "  ", "Dovecot", _("cannot be asked"));
		return;
	}
	say_labelled(picture, "  ", "Dovecot",
		arena_printf(arena, _("%s, %s; mail in %s; who may log in: %s"),
			text_of(dovecot, "version"),
			joined(arena, json_get(dovecot, "protocols"), NULL),
			text_of(dovecot, "mail_location"),
			joined(arena, json_get(dovecot, "passdb"), "driver")));
}

static void say_databases(const struct picture *picture)
{
	const struct json *list = json_get(picture->stack->sections, "databases");
	struct arena *arena = &picture->admin->arena;

	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		const char *schemas = joined(arena, json_get(item, "schemas"), "name");
		bool listens = false;
		const char *state = json_boolean(json_get(item, "listens"), &listens) && listens
					    ? _("listens")
					    : _("does not listen");

		say_labelled(picture, "  ", text_of(item, "name"),
			*schemas ? arena_printf(arena, _("%s; holds %s"), state, schemas) : state);
	}
}

static void say_ports(const struct picture *picture)
{
	const struct json *list = json_get(picture->stack->sections, "ports");
	struct arena *arena = &picture->admin->arena;
	struct string_list words = STRING_LIST_INIT;

	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		const char *process = text_of(item, "process");
		const char *word;
		int64_t port = 0;

		if (!json_integer(json_get(item, "port"), &port))
			continue;
		word = arena_printf(arena, "%jd %s%s%s", (intmax_t)port,
			strcmp(text_of(item, "scope"), "loopback") == 0 ? _("(this machine only)")
									: "",
			strcmp(text_of(item, "scope"), "loopback") == 0 && *process ? " " : "",
			process);
		if (!string_list_contains(&words, word))
			string_list_add(&words, arena, word);
	}
	if (words.count > 0)
		say_labelled(picture, "  ", _("ports"), string_list_join(&words, arena, ", "));
}

static void say_list(const struct picture *picture, const char *label, const char *section)
{
	const char *names =
		joined(&picture->admin->arena, json_get(picture->stack->sections, section), "name");

	if (*names)
		say_labelled(picture, "  ", label, names);
}

static void say_postigo(const struct picture *picture)
{
	const struct json *postigo = json_get(picture->stack->sections, "postigo");
	int64_t aliases = 0;

	if (!postigo)
		return;
	if (!*text_of(postigo, "domain"))
		say_labelled(picture, "  ", "postigo", _("is not set up"));
	else if (!json_integer(json_get(postigo, "aliases"), &aliases))
		say_labelled(picture, "  ", "postigo", text_of(postigo, "domain"));
	else
		say_labelled(picture, "  ", "postigo",
			arena_printf(&picture->admin->arena,
				ngettext("%s, %jd alias", "%s, %jd aliases",
					(unsigned long)aliases),
				text_of(postigo, "domain"), (intmax_t)aliases));
}

void stack_picture_say(struct admin *admin, const struct mail_stack *stack)
{
	struct picture picture = {
		.admin = admin,
		.stack = stack,
		.pen = language_draws_in_utf8() ? &utf8_pen : &ascii_pen,
		.beside = "  ",
		.width = terminal_width(),
	};

	for (size_t i = 0; i < stack->instance_count; i++) {
		picture.instance = &stack->instances[i];
		say_instance(&picture);
	}
	picture.beside = "  ";
	say_dovecot(&picture);
	say_databases(&picture);
	say_list(&picture, _("webmail"), "webmail");
	say_ports(&picture);
	say_postigo(&picture);
}
