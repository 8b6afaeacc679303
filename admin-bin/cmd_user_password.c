/* user add, passwd, claim: what takes a password. It is hashed before a row is locked, and wiped when the command is over. */
#include "base/message.h"
#include "cli/password_input.h"
#include "service/mail_name.h"
#include "system/environment.h"
#include "user_view.h"

#include <string.h>
#include <sys/random.h>

/* A password on its way in. */
struct password_source {
	bool from_stdin;
	bool generate;
	enum password_scheme scheme;
	struct secret password;
	const char *stored;
};

#define PASSWORD_SOURCE_INIT {.stored = NULL}
#define cleanup_password_source __attribute__((cleanup(password_source_wipe)))

static void password_source_wipe(struct password_source *source)
{
	secret_wipe(&source->password);
}

static bool read_options(const struct command_line *line, struct password_source *source, struct error *err)
{
	source->from_stdin = command_has(line, "password-stdin");
	source->generate = command_has(line, "generate");
	if (source->from_stdin && source->generate) {
		error_set(err, ERROR_USAGE, _("--%s and --%s contradict each other"), "password-stdin", "generate");
		return error_fix(err, "postigo-admin help %s", line->command->words);
	}
	return true;
}

static bool choose_scheme(const struct admin *admin, const struct command_line *line, struct password_source *source, struct error *err)
{
	const char *name = command_value(line, "scheme");

	return password_scheme_parse(name ? name : admin->settings.mailboxes.password_scheme, &source->scheme, err);
}

static bool fill_random(unsigned char *bytes, size_t size, struct error *err)
{
	return getrandom(bytes, size, 0) == (ssize_t)size ||
	       error_set(err, ERROR_TEMPORARY, _("the kernel gives no random numbers"));
}

static bool generate(struct secret *password, struct error *err)
{
	unsigned char random[PASSWORD_GENERATED_BYTES];

	if (!fill_random(random, sizeof(random), err))
		return false;
	password_spell(random, password);
	explicit_bzero(random, sizeof(random));
	return true;
}

/* Asks, reads or makes it, and hashes it. */
static bool take_password(struct admin *admin, struct password_source *source, struct error *err)
{
	struct password_recipe recipe = {.scheme = source->scheme, .sha512_rounds = admin->settings.mailboxes.sha512_rounds};
	bool taken;

	if (source->generate)
		taken = generate(&source->password, err);
	else if (source->from_stdin)
		taken = password_read_line(&source->password, err);
	else
		taken = password_ask(&source->password, err);
	return taken && password_check(&source->password, source->scheme, err) && fill_random(recipe.salt, sizeof(recipe.salt), err) &&
	       password_hash_make(&source->password, &recipe, &admin->arena, &source->stored, err);
}

/* A password that was made here is shown this once. Quiet or not: it would be lost. */
static void show_generated(struct admin *admin, const struct password_source *source, bool dry_run)
{
	if (!source->generate || dry_run || admin->output.shape == OUTPUT_JSON)
		return;
	(void)fprintf(admin->output.out, "%s\n", source->password.text);
}

/* ---------------------------------------------------------------- adding */

struct add_plan {
	struct mailbox_wish wish;
	struct password_source source;
	bool elsewhere;
};

#define cleanup_add_plan __attribute__((cleanup(add_plan_wipe)))

static void add_plan_wipe(struct add_plan *plan)
{
	secret_wipe(&plan->source.password);
}

static bool read_plan(struct admin *admin, const struct command_line *line, struct add_plan *plan, struct error *err)
{
	const char *name = command_value(line, "name");
	const char *quota = command_value(line, "quota");

	plan->elsewhere = command_has(line, "idp");
	plan->wish.name = name ? name : "";
	plan->wish.has_quota = quota != NULL;
	if (plan->elsewhere && (command_has(line, "password-stdin") || command_has(line, "generate"))) {
		error_set(err, ERROR_USAGE, _("a mailbox that somebody else authenticates has no password here"));
		return error_fix(err, "postigo-admin help %s", line->command->words);
	}
	return mail_name_address(&admin->settings, line->operands.items[0], &admin->arena, &plan->wish.username, err) &&
	       mailbox_may_add(&admin->settings, !plan->elsewhere, err) &&
	       (!quota || user_parse_quota(quota, "quota", &plan->wish.quota, err)) && read_options(line, &plan->source, err) &&
	       choose_scheme(admin, line, &plan->source, err);
}

/* A mailbox whose hook failed is taken back; what was there before it stays. */
static int take_back(struct admin *admin, struct admin_mail *mail, const char *username, struct error *hook)
{
	struct error err;

	if (mailbox_add_undo(&mail->services, username, &admin->arena, &err)) {
		mail_worker_discard(&mail->worker);
		error_fix(hook, _("the mailbox was taken back: mend the hook, then add it again"));
		return output_error(&admin->output, hook);
	}
	mail_worker_keep(&mail->worker);
	output_warn(&admin->output, _("the mailbox could not be taken back: %s (%s)"), err.what, err.why);
	error_fix(hook, "postigo-admin user del %s", username);
	return output_error(&admin->output, hook);
}

static int finish_add(struct admin *admin, struct admin_mail *mail, const struct add_plan *plan, struct mail_change *change)
{
	struct admin_change told = {.change = change, .key = "user", .dry_run = mail->services.dry_run};
	struct mailbox mailbox = {.username = ""};
	struct error err;

	if (!told.dry_run && !mail_worker_finish(&mail->worker, change, &err))
		return take_back(admin, mail, plan->wish.username, &err);
	if (admin->output.shape == OUTPUT_JSON && !told.dry_run) {
		if (!mailbox_get(&mail->services, plan->wish.username, &admin->arena, &mailbox, &err))
			return output_error(&admin->output, &err);
		told.object = user_json(&mailbox);
		if (plan->source.generate)
			json_set_text(told.object, "generated_password", plan->source.password.text);
	}
	told.done = arena_printf(&admin->arena, _("added mailbox %s"), plan->wish.username);
	show_generated(admin, &plan->source, told.dry_run);
	return admin_tell_change(admin, &told);
}

int command_user_add(void *context, const struct command_line *line)
{
	struct admin *admin = context;
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct add_plan plan cleanup_add_plan = {.elsewhere = false};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	if (!admin_mail_begin(admin, line, &mail, &err) || !read_plan(admin, line, &plan, &err) ||
		(!plan.elsewhere && !take_password(admin, &plan.source, &err)))
		return output_error(&admin->output, &err);
	plan.wish.stored = plan.source.stored;
	if (!admin_mail_open(admin, &mail, &err) || !mailbox_add(&mail.services, &plan.wish, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	return finish_add(admin, &mail, &plan, &change);
}

/* ---------------------------------------------------------------- setting */

/* What can be refused is refused before anybody types a password. */
static bool may_set(struct admin *admin, const struct admin_mail *mail, const char *username, bool claim, struct error *err)
{
	struct mailbox mailbox = {.username = ""};

	return mailbox_get(&mail->services, username, &admin->arena, &mailbox, err) &&
	       mailbox_check_claim(&mail->services, &mailbox, claim, err);
}

static int set_password(struct admin *admin, const struct command_line *line, bool claim)
{
	struct admin_mail mail cleanup_mail = ADMIN_MAIL_INIT;
	struct password_source source cleanup_password_source = PASSWORD_SOURCE_INIT;
	struct mailbox_wish wish = {.username = ""};
	struct mail_change change = MAIL_CHANGE_INIT;
	struct error err;

	if (!read_options(line, &source, &err) || !admin_mail_begin(admin, line, &mail, &err) ||
		!mailbox_may_set_password(&admin->settings, &err) || !choose_scheme(admin, line, &source, &err) ||
		!mail_name_address(&admin->settings, line->operands.items[0], &admin->arena, &wish.username, &err) ||
		!admin_mail_open(admin, &mail, &err) || !may_set(admin, &mail, wish.username, claim, &err) ||
		!take_password(admin, &source, &err))
		return output_error(&admin->output, &err);
	wish.stored = source.stored;
	mail.worker.password = &source.password;
	if (!mailbox_set_password(&mail.services, &wish, claim, &admin->arena, &change, &err))
		return output_error(&admin->output, &err);
	show_generated(admin, &source, false);
	return user_tell(admin, &mail, wish.username, &change,
		arena_printf(&admin->arena, _("set the password of %s"), wish.username));
}

int command_user_passwd(void *context, const struct command_line *line)
{
	return set_password(context, line, command_has(line, "claim"));
}

int command_user_claim(void *context, const struct command_line *line)
{
	return set_password(context, line, true);
}
