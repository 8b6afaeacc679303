/* The machine below the mail server: system, kernel settings, clock, room; packages; services. */
#include "base/message.h"
#include "base/number.h"
#include "service/check_stack.h"
#include "service/mail_stack_section.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#define SMALL_FILE ((size_t)64 << 10)
#define BIG_FILE ((size_t)1 << 20)

/* ---------------------------------------------------------------- host */

/* The value of PRETTY_NAME="…" in os-release(5). */
static const char *system_name(struct mail_stack *stack)
{
	static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};
	static const char key[] = "\nPRETTY_NAME=\"";
	const char *text;
	size_t length;

	/* The first is a link to the second in most places, and links are not followed. */
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		struct stat status;
		const char *found;

		if (lstat(paths[i], &status) != 0 || !S_ISREG(status.st_mode) ||
			stack_read(stack, paths[i], SMALL_FILE, &text, &length) != STACK_OK)
			continue;
		text = arena_printf(stack->arena, "\n%s", text);
		found = strstr(text, key);
		if (found)
			return arena_strndup(stack->arena, found + strlen(key),
				strcspn(found + strlen(key), "\"\n"));
	}
	return "";
}

/* The number in a file of /proc/sys; -1 = it is not known. */
static int64_t kernel_setting(struct mail_stack *stack, const char *path)
{
	const char *text;
	size_t length;
	int64_t value;

	if (stack_read(stack, path, SMALL_FILE, &text, &length) != STACK_OK ||
		!parse_int64(arena_strndup(stack->arena, text, strcspn(text, "\n")), &value))
		return -1;
	return value;
}

static void look_at_kernel(struct mail_stack *stack, struct json *host)
{
	struct consistency_check *check = &stack->check;
	int64_t dumpable = kernel_setting(stack, "/proc/sys/fs/suid_dumpable");
	int64_t hardlinks = kernel_setting(stack, "/proc/sys/fs/protected_hardlinks");

	if (dumpable >= 0)
		json_set_integer(host, "suid_dumpable", dumpable);
	if (hardlinks >= 0)
		json_set_integer(host, "protected_hardlinks", hardlinks);
	if (dumpable > 0) {
		check_find(check, FINDING_WARNING, "host.suid-dumpable",
			_("programs that change their user or group may leave a core file with "
			  "what they had read"));
		check_evidence(check, "fs.suid_dumpable = %jd", (intmax_t)dumpable);
		check_cure(check, "sysctl -w fs.suid_dumpable=0");
	}
	if (hardlinks == 0) {
		check_find(check, FINDING_WARNING, "host.protected-hardlinks",
			_("everybody may give another name to a file that is not theirs"));
		check_evidence(check, "fs.protected_hardlinks = 0");
		check_cure(check, "sysctl -w fs.protected_hardlinks=1");
	}
}

static void add_file_system(struct mail_stack *stack, struct json *list, const char *path)
{
	struct statvfs system;
	struct json *item;

	if (statvfs(path, &system) != 0)
		return;
	item = json_add(list, json_new_object());
	stack_set(stack, item, "path", path);
	json_set_integer(item, "free_kib",
		(int64_t)((uintmax_t)system.f_bavail * system.f_frsize / 1024));
	json_set_integer(item, "free_inodes", (int64_t)system.f_favail);
	check_room(&stack->check, path);
}

/* Profiles of programs that mail goes through; only root may read the list. */
static void look_at_profiles(struct mail_stack *stack, struct json *host)
{
	static const char *const wanted[] = {"*postfix*", "*dovecot*", "*mysqld*", "*mariadbd*"};
	struct string_list lines = STRING_LIST_INIT;
	struct json *array;
	const char *text;
	size_t length;

	if (stack_read(stack, "/sys/kernel/security/apparmor/profiles", BIG_FILE, &text, &length) !=
		STACK_OK)
		return;
	array = json_set(host, "apparmor", json_new_array());
	string_list_split(&lines, stack->arena, text, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		for (size_t j = 0; j < ARRAY_LENGTH(wanted); j++) {
			if (fnmatch(wanted[j], lines.items[i], 0) == 0)
				stack_add(stack, array, lines.items[i]);
		}
	}
}

struct json *stack_host(struct mail_stack *stack)
{
	static const char *const directories[] = {"/var/spool/postfix", "/etc/postfix",
		"/var/mail"};
	struct json *host = json_new_object();
	struct json *systems;
	struct utsname name;

	stack_set(stack, host, "system", system_name(stack));
	if (uname(&name) == 0) {
		stack_set(stack, host, "kernel", name.release);
		stack_set(stack, host, "name", name.nodename);
	}
	look_at_kernel(stack, host);
	look_at_profiles(stack, host);
	systems = json_set(host, "file_systems", json_new_array());
	for (size_t i = 0; i < ARRAY_LENGTH(directories); i++)
		add_file_system(stack, systems, directories[i]);
	return host;
}

/* ---------------------------------------------------------------- packages */

static bool is_of_mail(const char *package)
{
	static const char *const names[] = {"postfix", "postfix-*", "dovecot-*", "exim4",
		"exim4-daemon-*", "opensmtpd", "sendmail", "sendmail-bin", "roundcube",
		"roundcube-*", "rspamd", "spamassassin", "clamav", "clamav-*", "opendkim",
		"opendmarc", "postsrsd", "mlmmj", "mailman3", "postfixadmin", "mariadb-server",
		"mysql-server", "postgresql", "sqlite3", "redis", "redis-server", "nginx",
		"apache2", "php*-fpm", "certbot", "fail2ban"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (fnmatch(names[i], package, 0) == 0)
			return true;
	}
	return false;
}

static void add_package(struct mail_stack *stack, struct json *list, const char *line)
{
	struct string_list fields = STRING_LIST_INIT;
	struct json *item;

	string_list_split(&fields, stack->arena, line, "\t");
	if (fields.count != 3 || !is_of_mail(fields.items[0]))
		return;
	item = json_add(list, json_new_object());
	stack_set(stack, item, "name", fields.items[0]);
	stack_set(stack, item, "version", fields.items[1]);
	stack_set(stack, item, "state", fields.items[2]);
}

struct json *stack_packages(struct mail_stack *stack)
{
	static const char *const argv[] = {"/usr/bin/dpkg-query", "-W", "-f",
		"${Package}\\t${Version}\\t${db:Status-Status}\\n", NULL};
	struct json *list = json_new_array();
	struct string_list lines = STRING_LIST_INIT;
	struct process_result result;

	if (stack_run(stack, argv, &result) != STACK_OK)
		return list;
	string_list_split(&lines, stack->arena, result.output, "\n");
	for (size_t i = 0; i < lines.count; i++)
		add_package(stack, list, lines.items[i]);
	return list;
}

/* ---------------------------------------------------------------- services */

/* Without systemd the file that a daemon leaves tells its process. */
static const struct {
	const char *name;
	const char *pid_file;
} daemons[] = {
	{"postfix", "/var/spool/postfix/pid/master.pid"},
	{"dovecot", "/run/dovecot/master.pid"},
	{"exim4", "/run/exim4/exim.pid"},
	{"opensmtpd", NULL},
	{"sendmail", "/run/sendmail/mta/sendmail.pid"},
	{"mariadb", "/run/mysqld/mysqld.pid"},
	{"mysql", "/run/mysqld/mysql.pid"},
	{"postgresql", NULL},
	{"rspamd", "/run/rspamd/rspamd.pid"},
	{"spamd", "/run/spamd.pid"},
	{"clamav-daemon", "/run/clamav/clamd.pid"},
	{"opendkim", "/run/opendkim/opendkim.pid"},
	{"opendmarc", "/run/opendmarc/opendmarc.pid"},
	{"postsrsd", NULL},
	{"nginx", "/run/nginx.pid"},
	{"apache2", "/run/apache2/apache2.pid"},
	{"redis-server", "/run/redis/redis-server.pid"},
	{"fail2ban", "/run/fail2ban/fail2ban.pid"},
};

/* Any of them keeps the clock. */
static const char *const clock_keepers[] = {"systemd-timesyncd", "chrony", "ntpsec", "ntp"};

static void add_daemon(struct mail_stack *stack, struct json *list, const char *name,
	const char *path)
{
	const char *text = "";
	size_t length = 0;
	enum stack_status status = stack_read(stack, path, SMALL_FILE, &text, &length);
	struct json *item;
	int64_t pid = 0;

	if (status == STACK_MISSING)
		return;
	item = json_add(list, json_new_object());
	json_set_text(item, "name", name);
	json_set_text(item, "source", path);
	json_set_text(item, "status", stack_status_name(status));
	if (status != STACK_OK)
		return;
	text += strspn(text, " ");
	if (!parse_int64(arena_strndup(stack->arena, text, strcspn(text, " \n")), &pid) ||
		pid <= 0 || !stack_exists(arena_printf(stack->arena, "/proc/%jd", (intmax_t)pid))) {
		json_set_text(item, "active", "inactive");
		return;
	}
	json_set_text(item, "active", "active");
	json_set_integer(item, "pid", pid);
}

/* The value of "KEY=value" in a block of systemctl show. */
static const char *property(struct mail_stack *stack, const char *block, const char *key)
{
	const char *wanted = arena_printf(stack->arena, "\n%s=", key);
	const char *found = strstr(block, wanted);

	if (!found)
		return "";
	found += strlen(wanted);
	return arena_strndup(stack->arena, found, strcspn(found, "\n"));
}

static void add_unit(struct mail_stack *stack, struct json *list, const char *block)
{
	const char *unit = property(stack, block, "Id");
	size_t length = strlen(unit);
	struct json *item;
	int64_t pid;

	if (length == 0 || strcmp(property(stack, block, "LoadState"), "not-found") == 0)
		return;
	if (length > strlen(".service") &&
		strcmp(unit + length - strlen(".service"), ".service") == 0)
		unit = arena_strndup(stack->arena, unit, length - strlen(".service"));
	item = json_add(list, json_new_object());
	stack_set(stack, item, "name", unit);
	json_set_text(item, "source", "systemctl");
	json_set_text(item, "status", "ok");
	stack_set(stack, item, "active", property(stack, block, "ActiveState"));
	stack_set(stack, item, "sub", property(stack, block, "SubState"));
	stack_set(stack, item, "enabled", property(stack, block, "UnitFileState"));
	if (parse_int64(property(stack, block, "MainPID"), &pid) && pid > 0)
		json_set_integer(item, "pid", pid);
}

static bool ask_systemd(struct mail_stack *stack, struct json *list)
{
	enum { WORDS = 4 };
	const char *argv[WORDS + ARRAY_LENGTH(daemons) + ARRAY_LENGTH(clock_keepers) + 2] =
		{"/usr/bin/systemctl", "show", "--no-pager",
			"--property=Id,LoadState,ActiveState,SubState,UnitFileState,MainPID"};
	size_t count = WORDS;
	struct process_result result;
	const char *rest;

	for (size_t i = 0; i < ARRAY_LENGTH(daemons); i++)
		argv[count++] = arena_printf(stack->arena, "%s.service", daemons[i].name);
	for (size_t i = 0; i < ARRAY_LENGTH(clock_keepers); i++)
		argv[count++] = arena_printf(stack->arena, "%s.service", clock_keepers[i]);
	argv[count] = "postfix@-.service";
	if (stack_run(stack, argv, &result) != STACK_OK)
		return false;
	rest = arena_printf(stack->arena, "\n%s", result.output);
	while (*rest) {
		const char *end = strstr(rest + 1, "\n\n");
		size_t length = end ? (size_t)(end - rest) + 1 : strlen(rest);

		add_unit(stack, list, arena_strndup(stack->arena, rest, length));
		rest += length;
	}
	return true;
}

/* Within this file: the list is not yet among the sections while it is made. */
static bool is_active(const struct json *list, const char *name)
{
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		const char *active = json_get_text(item, "active");

		if (active && strcmp(active, "active") == 0 &&
			strcmp(json_get_text(item, "name"), name) == 0)
			return true;
	}
	return false;
}

bool stack_service_runs(const struct mail_stack *stack, const char *name)
{
	return is_active(json_get(stack->sections, "services"), name);
}

static void look_at_clock(struct mail_stack *stack, const struct json *list)
{
	for (size_t i = 0; i < ARRAY_LENGTH(clock_keepers); i++) {
		if (is_active(list, clock_keepers[i]))
			return;
	}
	check_find(&stack->check, FINDING_WARNING, "services.clock-unkept",
		_("nothing sets the clock of this machine: times of mails and certificates go "
		  "wrong"));
	check_cure(&stack->check, "timedatectl set-ntp true");
}

struct json *stack_services(struct mail_stack *stack)
{
	struct json *list = json_new_array();

	if (stack_exists("/run/systemd/system") && ask_systemd(stack, list)) {
		look_at_clock(stack, list);
		return list;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(daemons); i++) {
		if (daemons[i].pid_file)
			add_daemon(stack, list, daemons[i].name, daemons[i].pid_file);
	}
	return list;
}
