/* Who listens on the ports of mail, from /proc: no connection is made. */
#include "base/message.h"
#include "base/number.h"
#include "service/mail_stack_section.h"
#include "system/directory.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define TABLE_MAX ((size_t)16 << 20)
#define LISTENERS_MAX 256
#define PROCESSES_MAX ((size_t)65536)
#define SMALL_FILE ((size_t)4 << 10)

static const unsigned ports[] = {25, 465, 587, 143, 993, 110, 995, 4190, 80, 443, 3306, 8891, 8893,
	11332, 11334, 6379};

struct listener {
	unsigned port;
	const char *scope; /* loopback, any, address */
	const char *address;
	const char *inode;
	int64_t pid; /* 0 = not known */
	const char *process;
};

struct listeners {
	struct listener items[LISTENERS_MAX];
	size_t count;
};

static bool is_wanted(unsigned port)
{
	for (size_t i = 0; i < ARRAY_LENGTH(ports); i++) {
		if (ports[i] == port)
			return true;
	}
	return false;
}

/* Eight hexadecimal digits are one word of the address, in the byte order of this machine. */
static bool read_hex(const char *text, size_t digits, uint32_t *ret_value)
{
	static const char alphabet[] = "0123456789ABCDEF";
	uint32_t value = 0;

	for (size_t i = 0; i < digits; i++) {
		const char *found = text[i] ? strchr(alphabet, text[i]) : NULL;

		if (!found)
			return false;
		value = value << 4 | (uint32_t)(found - alphabet);
	}
	*ret_value = value;
	return true;
}

static bool read_address(const char *text, size_t words, struct arena *arena,
	const char **ret_address)
{
	uint32_t bytes[4] = {0};
	char name[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < words; i++) {
		if (!read_hex(text + 8 * i, 8, &bytes[i]))
			return false;
	}
	if (!inet_ntop(words == 1 ? AF_INET : AF_INET6, bytes, name, sizeof(name)))
		return false;
	*ret_address = arena_strdup(arena, name);
	return true;
}

static const char *scope_of(const char *address)
{
	if (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0)
		return "any";
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ? "loopback"
									       : "address";
}

/* "  0: 0100007F:0019 00000000:0000 0A …": fields 1, 3 and 9 are address, state and inode. */
static void read_listener(struct mail_stack *stack, struct listeners *all, const char *line)
{
	struct string_list fields = STRING_LIST_INIT;
	struct listener listener = {.process = ""};
	const char *colon;
	uint32_t port;

	string_list_split(&fields, stack->arena, line, " ");
	if (fields.count < 10 || strcmp(fields.items[3], "0A") != 0 || all->count == LISTENERS_MAX)
		return;
	colon = strchr(fields.items[1], ':');
	if (!colon || !read_hex(colon + 1, 4, &port) || !is_wanted(port) ||
		(colon - fields.items[1] != 8 && colon - fields.items[1] != 32) ||
		!read_address(fields.items[1], (size_t)(colon - fields.items[1]) / 8, stack->arena,
			&listener.address))
		return;
	listener.port = port;
	listener.scope = scope_of(listener.address);
	listener.inode = arena_printf(stack->arena, "socket:[%s]", fields.items[9]);
	all->items[all->count++] = listener;
}

static void read_table(struct mail_stack *stack, struct listeners *all, const char *path)
{
	struct string_list lines = STRING_LIST_INIT;
	const char *text;
	size_t length;

	if (stack_read(stack, path, TABLE_MAX, &text, &length) != STACK_OK)
		return;
	string_list_split(&lines, stack->arena, text, "\n");
	for (size_t i = 1; i < lines.count; i++)
		read_listener(stack, all, lines.items[i]);
}

/* ---------------------------------------------------------------- whose they are */

static void claim(struct mail_stack *stack, struct listeners *all, const char *link,
	const char *pid)
{
	for (size_t i = 0; i < all->count; i++) {
		struct listener *listener = &all->items[i];
		const char *name;
		size_t length;

		/* Of processes that share it the first is as good as any: the lowest number, so the
		 * one that made it. */
		if (listener->pid != 0 || strcmp(listener->inode, link) != 0 ||
			!parse_int64(pid, &listener->pid))
			continue;
		if (stack_read(stack, arena_printf(stack->arena, "/proc/%s/comm", pid), SMALL_FILE,
			    &name, &length) == STACK_OK)
			listener->process = arena_strndup(stack->arena, name, strcspn(name, "\n"));
	}
}

static void look_at_process(struct mail_stack *stack, struct listeners *all, const char *pid)
{
	DIR *directory cleanup_closedir = opendir(arena_printf(stack->arena, "/proc/%s/fd", pid));
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)) != NULL) {
		char link[64] = "";

		if (readlinkat(dirfd(directory), entry->d_name, link, sizeof(link) - 1) > 0 &&
			strncmp(link, "socket:", 7) == 0)
			claim(stack, all, link, pid);
	}
}

static int compare_pids(const void *left, const void *right)
{
	int64_t first = *(const int64_t *)left;
	int64_t second = *(const int64_t *)right;

	return (first > second) - (first < second);
}

static void find_owners(struct mail_stack *stack, struct listeners *all)
{
	DIR *directory cleanup_closedir = opendir("/proc");
	const struct dirent *entry;
	int64_t *pids = arena_alloc_array(stack->arena, PROCESSES_MAX, sizeof(*pids));
	size_t count = 0;

	while (directory && (entry = readdir(directory)) != NULL && count < PROCESSES_MAX)
		count += parse_int64(entry->d_name, &pids[count]) && pids[count] > 0;
	qsort(pids, count, sizeof(*pids), compare_pids);
	for (size_t i = 0; i < count; i++)
		look_at_process(stack, all, arena_printf(stack->arena, "%jd", (intmax_t)pids[i]));
}

/* Where Postfix runs, it is master(8) that listens. */
static void judge_port(struct mail_stack *stack, const struct listener *listener)
{
	struct consistency_check *check = &stack->check;

	if (listener->port != 25 || !*listener->process ||
		strcmp(listener->process, "master") == 0 ||
		strcmp(listener->process, "systemd") == 0 || !stack_exists(stack_postconf(stack)))
		return;
	check_find(check, FINDING_ERROR, "ports.other-mta",
		_("mail that comes in on port 25 does not reach Postfix: another program listens "
		  "there"));
	check_evidence(check, "%s, process %jd", listener->process, (intmax_t)listener->pid);
	check_advice(check, _("stop and disable that program, then start Postfix"));
}

struct json *stack_ports(struct mail_stack *stack)
{
	struct listeners *all = arena_alloc(stack->arena, sizeof(*all));
	struct json *list = json_new_array();

	read_table(stack, all, "/proc/net/tcp");
	read_table(stack, all, "/proc/net/tcp6");
	if (stack->privileged)
		find_owners(stack, all);
	else
		(void)stack_error(stack, "/proc", STACK_DENIED,
			_("whose the ports are is shown to root only"));
	for (size_t i = 0; i < all->count; i++) {
		const struct listener *listener = &all->items[i];
		struct json *item = json_add(list, json_new_object());

		json_set_integer(item, "port", listener->port);
		json_set_text(item, "address", listener->address);
		json_set_text(item, "scope", listener->scope);
		if (listener->pid > 0)
			json_set_integer(item, "pid", listener->pid);
		stack_set(stack, item, "process", listener->process);
		judge_port(stack, listener);
	}
	return list;
}
