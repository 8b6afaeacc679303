/* A command line of any words: it is refused as usage, or what was found in it says itself in one form that is found again. */
#include "cli/command.h"

#include "fuzz.h"

#define WORDS_MAX 24

static const struct command_option list_options[] = {
	{.name = "dry-run", .letter = 'n', .help = "change nothing"},
	{.name = "state", .letter = 's', .argument = "STATE", .help = "only these"},
	{.name = "force", .argument = "CODE", .repeatable = true, .help = "lift a rail"},
};

static const struct command_option approve_options[] = {
	{.name = "reason", .letter = 'r', .argument = "TEXT", .help = "what is told"},
	{.name = "read-only", .help = "nothing but look"},
};

static const struct command commands[] = {
	{.words = "pending", .operands = "", .help = "list"},
	{.words = "approve", .operands = "ID...", .operands_min = 1, .operands_max = SIZE_MAX, .help = "approve", .options = approve_options, .option_count = 2},
	{.words = "member", .operands = "USER", .operands_max = 1, .help = "one"},
	{.words = "member list", .operands = "[USER]", .operands_max = 1, .help = "all", .options = list_options, .option_count = 3},
	{.words = "config show", .operands = "KEY VALUE", .operands_min = 2, .operands_max = 2, .help = "show"},
	{.words = "version", .operands = "", .help = "version"},
};

static const struct command_program programs[] = {
	{.name = "first", .summary = "one", .manual = "first(1)", .commands = commands, .command_count = 6},
	{.name = "second", .summary = "two", .manual = "second(1)", .commands = commands, .command_count = 6, .default_command = "member list"},
};

struct words {
	char *items[2 * WORDS_MAX + 8];
	int count;
};

static void add_word(struct words *words, const char *text, struct arena *arena)
{
	words->items[words->count++] = arena_strdup(arena, text);
}

/* One word a line. */
static void split(const char *text, struct arena *arena, struct words *ret_words)
{
	add_word(ret_words, "program", arena);
	while (*text && ret_words->count <= WORDS_MAX) {
		size_t length = strcspn(text, "\n");

		add_word(ret_words, arena_strndup(arena, text, length), arena);
		text += length + (text[length] == '\n');
	}
}

/* What was typed holds the piece, whole or as its end. */
static void insist_typed(const struct words *words, const char *piece)
{
	for (int i = 1; i < words->count; i++) {
		size_t length = strlen(words->items[i]);

		if (length >= strlen(piece) && strcmp(words->items[i] + length - strlen(piece), piece) == 0)
			return;
	}
	insist(false);
}

static void check_found(const struct words *words, const struct command_line *line)
{
	const struct command *command = line->command;

	insist(command >= commands && command < commands + 6);
	insist(line->operands.count >= command->operands_min && line->operands.count <= command->operands_max);
	for (size_t i = 0; i < line->operands.count; i++)
		insist_typed(words, line->operands.items[i]);
	for (size_t i = 0; i < command->option_count; i++) {
		const struct command_option *option = &command->options[i];

		insist(!line->values[i] || option->argument || !*line->values[i]);
		if (line->values[i])
			insist_typed(words, line->values[i]);
		insist(option->repeatable || line->lists[i].count == 0);
		insist(command_has(line, option->name) == (line->values[i] != NULL));
	}
}

static void add_option(struct words *words, const struct command_option *option, const char *value, struct arena *arena)
{
	if (option->argument)
		add_word(words, arena_printf(arena, "--%s=%s", option->name, value), arena);
	else
		add_word(words, arena_printf(arena, "--%s", option->name), arena);
}

/* The same line in one form: words, options by their long names, operands behind "--". */
static void write_again(const struct command_line *line, struct arena *arena, struct words *ret_words)
{
	struct string_list names = STRING_LIST_INIT;

	add_word(ret_words, "program", arena);
	string_list_split(&names, arena, line->command->words, " ");
	for (size_t i = 0; i < names.count; i++)
		add_word(ret_words, names.items[i], arena);
	for (size_t i = 0; i < line->command->option_count; i++) {
		const struct command_option *option = &line->command->options[i];

		for (size_t j = 0; j < line->lists[i].count; j++)
			add_option(ret_words, option, line->lists[i].items[j], arena);
		if (line->values[i] && !option->repeatable)
			add_option(ret_words, option, line->values[i], arena);
	}
	if (line->globals.json)
		add_word(ret_words, "--json", arena);
	if (line->globals.yes)
		add_word(ret_words, "--yes", arena);
	add_word(ret_words, "--", arena);
	for (size_t i = 0; i < line->operands.count; i++)
		add_word(ret_words, line->operands.items[i], arena);
}

static bool equal_texts(const char *left, const char *right)
{
	return left == right || (left && right && strcmp(left, right) == 0);
}

static void check_again(const struct command_program *program, const struct command_line *line, struct arena *arena)
{
	struct words words = {.count = 0};
	struct command_line again;
	struct error err;

	write_again(line, arena, &words);
	insist(command_parse(program, words.count, words.items, arena, &again, &err));
	insist(again.command == line->command && !again.help);
	insist(again.globals.json == line->globals.json && again.globals.yes == line->globals.yes);
	insist(again.operands.count == line->operands.count);
	for (size_t i = 0; i < line->operands.count; i++)
		insist(strcmp(again.operands.items[i], line->operands.items[i]) == 0);
	for (size_t i = 0; i < line->command->option_count; i++)
		insist(equal_texts(again.values[i], line->values[i]) && again.lists[i].count == line->lists[i].count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena cleanup_arena = ARENA_INIT;
	const char *text = arena_strndup(&arena, (const char *)bytes, length);

	for (size_t i = 0; i < 2; i++) {
		struct words words = {.count = 0};
		struct command_line line;
		struct error err = {0};

		split(text, &arena, &words);
		if (!command_parse(&programs[i], words.count, words.items, &arena, &line, &err)) {
			insist(err.code == ERROR_USAGE && err.what[0]);
		} else if (!line.help) {
			check_found(&words, &line);
			check_again(&programs[i], &line, &arena);
		}
	}
	return 0;
}
