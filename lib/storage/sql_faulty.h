/*
 * A driver that fails on purpose, around another one. For tests only: no program of ours links it.
 *
 *	struct sql_faults faults = {.driver = settings.driver, .fail_at = n};
 *	settings.driver = &sql_faulty; settings.faults = &faults;
 *
 * Counting `fail_at` upward until the work succeeds (then faults.calls < fail_at) goes through every way in which it can fail.
 */
#ifndef POSTIGO_STORAGE_SQL_FAULTY_H
#define POSTIGO_STORAGE_SQL_FAULTY_H

#include "storage/sql.h"

extern const struct sql_driver sql_faulty;

enum sql_fault_kind {
	SQL_FAULT_DEADLOCK,
	SQL_FAULT_LOST_BEFORE, /* the connection dies, and the call was not done */
	SQL_FAULT_LOST_AFTER,  /* it was done, and the answer is lost with the connection */
	SQL_FAULT_OTHER,
};

struct sql_faults {
	const struct sql_driver *driver; /* the real one */
	enum sql_fault_kind kind;
	int64_t fail_at; /* number of the call that fails, from 1; 0 = none */
	bool forever;	 /* all after it fail, too */
	int64_t calls;	 /* done so far: open, prepare, start, step, begin, commit */
};

#endif
