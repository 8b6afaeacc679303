/*
 * postigo-drop VERB KIND: the part of postigo that holds a privilege, the group of the queue.
 *
 *	submit		files the record on stdin as the caller's request; one may be pending a kind
 *	replace		the same, in place of the one that is pending
 *	withdraw	takes the pending request back
 *	show		writes the pending request to stdout
 *
 * Who the caller is, the kernel says: the file is owned by the real uid and named after it, and the
 * queue directory is sticky. Nothing that the caller controls (arguments, environment, descriptors,
 * limits, signals, umask) may change where or as whom a file is made. The group is held only while
 * the queue is touched: arguments and the whole record are read and checked before, and it is given
 * up for good before a byte is printed.
 *
 * Exits with a code of base/error.h. A refusal of the record is the line "postigo-drop: field NAME"
 * on stderr, NAME being what request_record_parse() names; every other failure is one fixed
 *sentence.
 */
#include "drop_process.h"
#include "drop_queue.h"

#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

static struct outcome refuse_field(const char *field)
{
	return (struct outcome){ERROR_RULE, NULL, field};
}

/* The kernel ran the program without its group: why? */
static struct outcome explain_missing_group(const struct drop_identity *caller)
{
	struct stat program;

	if (caller->no_new_privileges)
		return outcome_stop(ERROR_PERMISSION,
			"no_new_privs is set here, as in a container: the queue is out of reach");
	if (stat("/proc/self/exe", &program) == 0 && program.st_mode & S_ISGID &&
		program.st_gid != caller->group)
		return outcome_stop(ERROR_PERMISSION,
			"the setgid bit has no effect here: nosuid, a user namespace or a tracer");
	return outcome_stop(ERROR_CONFIG,
		"it is not installed setgid; an administrator runs postigo-admin setup");
}

static struct outcome check_identity(const struct drop_identity *caller)
{
	if (caller->uid == 0 || geteuid() != caller->uid)
		return outcome_stop(ERROR_PERMISSION, "it serves members; root uses postigo-admin");
	if (caller->group == caller->queue_group)
		return explain_missing_group(caller);
	return outcome_done();
}

static bool make_nonce(char ret_nonce[REQUEST_NONCE_LENGTH + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[REQUEST_NONCE_LENGTH / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	for (size_t i = 0; i < sizeof(random); i++) {
		ret_nonce[2 * i] = digits[random[i] >> 4];
		ret_nonce[2 * i + 1] = digits[random[i] & 15];
	}
	ret_nonce[REQUEST_NONCE_LENGTH] = '\0';
	return true;
}

/* Turns the record on stdin into the bytes of a queue file. */
static struct outcome read_record(struct drop_slot *slot, enum request_kind kind)
{
	char wire[REQUEST_WIRE_MAX + 1];
	struct request_record record;
	struct timespec now;
	const char *field;
	ssize_t length = drop_read(STDIN_FILENO, wire, sizeof(wire));

	/* libc gives a privileged program that lacks descriptor 0 one that cannot be read. */
	if (length < 0)
		return refuse_field("record");
	if (!request_record_parse(wire, (size_t)length, &record, &field))
		return refuse_field(field);
	if (request_op_kind(record.op) != kind)
		return refuse_field("op");
	if (clock_gettime(CLOCK_REALTIME, &now) != 0 || !make_nonce(record.nonce))
		return outcome_stop(ERROR_TEMPORARY, "no clock or no random numbers; try again");
	record.uid = slot->uid;
	record.created = now.tv_sec;
	if (!request_record_validate(&record, &field))
		return refuse_field(field);
	slot->length = request_record_print_json(&record, slot->bytes, sizeof(slot->bytes));
	return slot->length > 0 ? outcome_done() : refuse_field("record");
}

static const struct verb {
	const char *name;
	struct outcome (*act)(struct drop_slot *slot);
	bool takes_record;
} verbs[] = {
	{"submit", drop_queue_submit, true},
	{"replace", drop_queue_replace, true},
	{"withdraw", drop_queue_withdraw, false},
	{"show", drop_queue_show, false},
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++) {
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	}
	return NULL;
}

static struct outcome serve(const struct drop_identity *caller, int argc, char **argv,
	struct drop_slot *slot)
{
	const struct verb *verb = argc == 3 ? find_verb(argv[1]) : NULL;
	struct outcome outcome;
	enum request_kind kind;

	if (!verb || !request_kind_parse(argv[2], &kind))
		return outcome_stop(ERROR_USAGE,
			"usage: postigo-drop submit|replace|withdraw|show alias|alias-state");
	outcome = check_identity(caller);
	if (outcome.code != ERROR_NONE)
		return outcome;
	request_name(slot->uid, kind, slot->name);
	if (verb->takes_record)
		outcome = read_record(slot, kind);
	if (outcome.code != ERROR_NONE)
		return outcome;

	drop_process_use(caller->queue_group);
	outcome = verb->act(slot);
	drop_process_use(caller->group);
	if (verb->takes_record)
		slot->length = 0;
	return outcome;
}

static void complain(const struct outcome *outcome)
{
	char line[256];

	if (outcome->field)
		(void)snprintf(line, sizeof(line), "postigo-drop: field %s\n", outcome->field);
	else
		(void)snprintf(line, sizeof(line), "postigo-drop: %s\n", outcome->text);
	drop_write(STDERR_FILENO, line, strlen(line));
}

int main(int argc, char **argv)
{
	struct drop_identity caller = drop_process_identity();
	struct drop_slot slot = {.uid = caller.uid, .queue_group = caller.queue_group};
	struct outcome outcome;

	drop_process_harden();
	drop_process_use(caller.group);
	outcome = serve(&caller, argc, argv, &slot);
	drop_process_give_up(&caller);

	/* The limit was for the queue: a long log behind stdout or stderr is the caller's affair.
	 */
	drop_process_lift_file_limit();
	if (outcome.code == ERROR_NONE && !drop_write(STDOUT_FILENO, slot.bytes, slot.length))
		outcome = outcome_stop(ERROR_FILESYSTEM, "standard output cannot be written");
	if (outcome.code != ERROR_NONE)
		complain(&outcome);
	_exit((int)outcome.code);
}
