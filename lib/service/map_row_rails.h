/*
 * The rails that refuse single rows of a map that is being made: what each of them would do in Postfix, from its own answers.
 *
 *	open the verdicts on the staged text → judge → when rows were refused: write the rest to a stage of its own
 */
#ifndef POSTIGO_SERVICE_MAP_ROW_RAILS_H
#define POSTIGO_SERVICE_MAP_ROW_RAILS_H

#include "service/map_verdicts.h"

/* Holds all rows against all rails, until no refusal brings another one with it. The live values of refused rows are known then. */
void map_row_rails_judge(struct map_verdicts *verdicts);

#endif
