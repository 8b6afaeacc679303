/* The two halves of the MariaDB driver: connections (sql_mariadb.c) and statements (sql_mariadb_statement.c). */
#ifndef POSTIGO_STORAGE_SQL_MARIADB_PRIVATE_H
#define POSTIGO_STORAGE_SQL_MARIADB_PRIVATE_H

#include "storage/sql_driver.h"

#include <mysql.h>

/* Fills `err` and the connection's state from an error number of server or library and its text. Returns false. */
bool mariadb_fail(struct sql_connection *sql, unsigned number, const char *text, struct error *err);

/* The statements' part of struct sql_driver. */
bool mariadb_prepare(struct sql_statement *statement, const char *text, struct error *err);
bool mariadb_start(struct sql_statement *statement, struct sql_values values, struct error *err);
enum sql_step mariadb_step(struct sql_statement *statement, struct error *err);
void mariadb_reset(struct sql_statement *statement);
void mariadb_finish(struct sql_statement *statement);

#endif
