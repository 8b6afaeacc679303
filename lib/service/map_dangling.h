/* The rail "dangling": destinations in our own alias domains that nobody knows, to which Postfix would accept mail and bounce it later. */
#ifndef POSTIGO_SERVICE_MAP_DANGLING_H
#define POSTIGO_SERVICE_MAP_DANGLING_H

#include "service/map_verdicts.h"

struct local_destination {
	size_t row;
	struct span address;
	bool answered; /* by another table than ours */
};

/* The destinations in alias domains that Postfix serves: there only a table can know them. */
struct map_dangling {
	struct map_verdicts *verdicts;
	struct local_destination *items;
	size_t count;
	size_t capacity;
};

#define cleanup_map_dangling __attribute__((cleanup(map_dangling_close)))

/*
 * Finds these destinations and asks every other table of virtual_alias_maps for them, with and without extension and for the domain as a whole. Where a table cannot be
 * asked nothing dangles: there are no destinations then.
 */
void map_dangling_open(struct map_dangling *dangling, struct map_verdicts *verdicts);

/* Refuses rows with a destination that neither another table nor the rows as they would be live know. To be repeated while it refuses. */
void map_dangling_judge(struct map_dangling *dangling);

/* Frees what open has made. */
void map_dangling_close(struct map_dangling *dangling);

#endif
